// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using System.Net;
using Gantry.Interop.Netlink;
using Gantry.Network.Tests.Kit;

namespace Gantry.Network.Tests.Builtin;

public sealed class PodReachTests
{
    [Fact]
    public async Task A_pod_has_its_interface_addresses_routes_and_loopback()
    {
        using TestNode node = new();
        using TestPod pod = await node.StartPodAsync();

        using RouteSocket inside = pod.Inside(RouteSocket.Open);
        LinkInfo eth0 = inside.FindLink("eth0")!;
        LinkInfo lo = inside.FindLink("lo")!;
        IReadOnlyList<LinkAddress> addresses = inside.Addresses();
        IReadOnlyList<RouteInfo> routes = inside.Routes();

        Assert.True(eth0.Up);
        Assert.True(lo.Up);
        Assert.Contains(new LinkAddress(eth0.Index, IPAddress.Parse("10.99.0.2"), 24), addresses);
        Assert.Contains(new LinkAddress(eth0.Index, IPAddress.Parse("fd00:99::2"), 64), addresses);
        Assert.Contains(new LinkAddress(lo.Index, IPAddress.Loopback, 8), addresses);
        Assert.Contains(new RouteInfo(null, 0, IPAddress.Parse("10.99.0.1"), eth0.Index), routes);
        Assert.Contains(new RouteInfo(null, 0, IPAddress.Parse("fd00:99::1"), eth0.Index), routes);
        Assert.Equal("10.99.0.2", pod.Record.PrimaryIp);
        Assert.Equal(["fd00:99::2"], pod.Record.AdditionalIps);
    }

    [Fact]
    public async Task A_pod_reaches_its_gateway()
    {
        using TestNode node = new();
        using TestPod pod = await node.StartPodAsync();
        using WhoAmI onHost = new(node.Host, 7000);

        Assert.Equal("10.99.0.2", Ask.Tcp(pod.Namespace, IPAddress.Parse("10.99.0.1"), 7000));
        Assert.Equal("fd00:99::2", Ask.Tcp(pod.Namespace, IPAddress.Parse("fd00:99::1"), 7000));
    }

    [Fact]
    public async Task Pods_reach_each_other_under_their_own_addresses()
    {
        using TestNode node = new();
        using TestPod one = await node.StartPodAsync();
        using TestPod two = await node.StartPodAsync();
        using WhoAmI inTwo = new(two.Namespace, 80);

        Assert.Equal(one.V4.ToString(), Ask.Tcp(one.Namespace, two.V4, 80));
        Assert.Equal(one.V6.ToString(), Ask.Tcp(one.Namespace, two.V6, 80));
    }

    [Fact]
    public async Task Traffic_to_outside_takes_the_hosts_address()
    {
        using TestNode node = new();
        using TestPod pod = await node.StartPodAsync();
        using WhoAmI outside = new(node.Outside, 80);

        Assert.Equal(TestNode.HostV4, Ask.Tcp(pod.Namespace, IPAddress.Parse(TestNode.OutsideV4), 80));
        Assert.Equal(TestNode.HostV4, Ask.Udp(pod.Namespace, IPAddress.Parse(TestNode.OutsideV4), 80));
        Assert.Equal(TestNode.HostV6, Ask.Tcp(pod.Namespace, IPAddress.Parse(TestNode.OutsideV6), 80));
    }

    /// <summary>
    /// The kernel opens ports and installs IPv6 addresses some time after the messages that ask for it; what was lost
    /// meanwhile is repeated after a second. Each time the bridge has lost its last port, which makes it worst.
    /// </summary>
    [Fact]
    public async Task The_first_packet_of_a_new_pod_gets_through()
    {
        const int rounds = 20;
        const int repetitionMilliseconds = 1000;
        using TestNode node = new();
        node.Network.EnsureReady();
        using WhoAmI onHost = new(node.Host, 7000);
        List<long> slow = [];
        for (int i = 0; i < rounds; i++)
        {
            using TestPod pod = await node.StartPodAsync();
            foreach (string gateway in new[] { "10.99.0.1", "fd00:99::1" })
            {
                Stopwatch watch = Stopwatch.StartNew();
                Assert.NotEqual(Ask.Nothing, Ask.Tcp(pod.Namespace, IPAddress.Parse(gateway), 7000));
                if (watch.ElapsedMilliseconds >= repetitionMilliseconds)
                {
                    slow.Add(watch.ElapsedMilliseconds);
                }
            }

            node.HostRoute.DeleteLink(pod.Record.HostInterface!);
        }

        Assert.Empty(slow);
    }

    [Fact]
    public async Task A_pod_without_host_ports_changes_nothing_in_the_firewall()
    {
        using TestNode node = new();
        using TestPod first = await node.StartPodAsync();
        string before = node.Nft("list ruleset");

        using TestPod second = await node.StartPodAsync();
        await node.Network.DetachAsync(second.Record, TestContext.Current.CancellationToken);

        Assert.Contains("table inet gantry_test", before, StringComparison.Ordinal);
        Assert.Equal(before, node.Nft("list ruleset"));
    }

    [Fact]
    public async Task The_host_forwards_after_the_first_pod()
    {
        using TestNode node = new();
        using TestPod pod = await node.StartPodAsync();

        Assert.Equal("1", node.OnHost(() => File.ReadAllText("/proc/sys/net/ipv4/ip_forward").Trim()));
        Assert.Equal("1", node.OnHost(() => File.ReadAllText("/proc/sys/net/ipv6/conf/all/forwarding").Trim()));
        Assert.Equal("2", node.OnHost(() => File.ReadAllText("/proc/sys/net/ipv6/conf/up0/accept_ra").Trim()));
    }

    /// <summary>A pod that advertises itself as a router must not become anybody's default route.</summary>
    [Fact]
    public async Task CVE_2020_10749_router_advertisements_are_ignored_by_pods_and_bridge()
    {
        using TestNode node = new();
        using TestPod pod = await node.StartPodAsync();

        Assert.Equal("0", pod.Inside(() => File.ReadAllText("/proc/sys/net/ipv6/conf/eth0/accept_ra").Trim()));
        Assert.Equal("0", node.OnHost(() => File.ReadAllText("/proc/sys/net/ipv6/conf/gt0/accept_ra").Trim()));
    }

    /// <summary>With route_localnet on, a pod must not reach what the host serves on 127.0.0.1 only.</summary>
    [Fact]
    public async Task CVE_2020_8558_a_pod_cannot_reach_the_hosts_loopback()
    {
        using TestNode node = new();
        using TestPod pod = await node.StartPodAsync();
        using WhoAmI secret = new(node.Host, 7001, only: IPAddress.Loopback);
        pod.Inside(() =>
        {
            using RouteSocket route = RouteSocket.Open();
            int index = route.FindLink("eth0")!.Index;
            File.WriteAllText("/proc/sys/net/ipv4/conf/eth0/route_localnet", "1");
            route.Execute(new RouteBatch()
                .DeleteAddress(route.FindLink("lo")!.Index, IPAddress.Loopback, 8)
                .AddRoute(IPAddress.Loopback, 32, IPAddress.Parse("10.99.0.1"), index));
            return true;
        });

        Assert.Equal("127.0.0.1", Ask.Tcp(node.Host, IPAddress.Loopback, 7001));
        Assert.Equal(Ask.Nothing, Ask.Tcp(pod.Namespace, IPAddress.Loopback, 7001, patience: 500));
        Assert.Equal(Ask.Nothing, Ask.Udp(pod.Namespace, IPAddress.Loopback, 7001, patience: 500));
        node.Nft("flush chain inet gantry_test guard");
        Assert.Equal("10.99.0.2", Ask.Udp(pod.Namespace, IPAddress.Loopback, 7001)); // The guard was what stopped it.
    }

    [Fact]
    public async Task Attaching_says_when_another_table_drops_forwarded_packets()
    {
        using TestNode node = new();
        node.Nft("add table inet other; add chain inet other forward { type filter hook forward priority 0; policy drop; }");

        using TestPod pod = await node.StartPodAsync();
        NetworkStatus status = await node.Network.StatusAsync(TestContext.Current.CancellationToken);

        Assert.True(status.Ready);
        Assert.Contains("table inet other chain forward drops forwarded packets", status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pool_that_the_host_reaches_elsewhere_is_refused()
    {
        using TestNode node = new();
        node.HostRoute.Execute(new RouteBatch().AddRoute(
            IPAddress.Parse("10.99.0.128"), 25, IPAddress.Parse(TestNode.OutsideV4), node.HostRoute.FindLink("up0")!.Index));

        NetworkException error = Assert.Throws<NetworkException>(node.Network.EnsureReady);

        Assert.Equal(NetworkError.NotReady, error.Error);
        Assert.Contains("10.99.0.128/25 through up0", error.Message, StringComparison.Ordinal);
    }
}
