// SPDX-License-Identifier: Apache-2.0
using System.Net;
using System.Text.Json;
using Gantry.Interop.Netlink;
using Gantry.Network.Builtin;
using Gantry.Network.Tests.Kit;

namespace Gantry.Network.Tests.Builtin;

public sealed class RecoveryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_record_survives_being_written_and_read()
    {
        using TestNode node = new();
        using TestPod pod = await node.StartPodAsync(new PortMapping { HostPort = 8080, ContainerPort = 80, Protocol = PortProtocol.Sctp });

        string json = JsonSerializer.Serialize(pod.Record, NetworkJson.Default.PodNetworkRecord);
        PodNetworkRecord read = JsonSerializer.Deserialize(json, NetworkJson.Default.PodNetworkRecord)!;

        Assert.Equal(json, JsonSerializer.Serialize(read, NetworkJson.Default.PodNetworkRecord));
        Assert.Equal(pod.Record.HostInterface, read.HostInterface);
        Assert.Equal(pod.Record.Addresses, read.Addresses);
        Assert.Equal(pod.Record.Request.Ports, read.Request.Ports);
    }

    [Fact]
    public async Task A_known_pod_keeps_its_address_its_link_and_its_host_port()
    {
        using TestNode node = new();
        using TestPod pod = await node.StartPodAsync(new PortMapping { HostPort = 8080, ContainerPort = 80 });
        using WhoAmI server = new(pod.Namespace, 80);

        node.Restart();
        await node.Network.RecoverAsync([pod.Record], Token);
        using TestPod next = await node.StartPodAsync();

        Assert.NotEqual(pod.V4, next.V4);
        Assert.Equal(TestNode.OutsideV4, Ask.Tcp(node.Outside, IPAddress.Parse(TestNode.HostV4), 8080));
        await node.Network.CheckAsync(pod.Record, Token);
        Assert.Throws<NetworkException>(() => node.Network.Reserve(TestNode.NewRequest(new PortMapping { HostPort = 8080, ContainerPort = 1 })));
    }

    /// <summary>The daemon died between any two steps of an attach, and the pod's record was lost or never written.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_no_record_names_is_freed(bool attached)
    {
        using TestNode node = new();
        using TestPod known = await node.StartPodAsync(new PortMapping { HostPort = 9001, ContainerPort = 80 });
        PodNetworkRecord lost = node.Network.Reserve(TestNode.NewRequest(new PortMapping { HostPort = 8080, ContainerPort = 80 }));
        using PodAttachment? attachment = attached ? await node.Network.AttachAsync(lost, Token) : null;

        node.Restart();
        await node.Network.RecoverAsync([known.Record], Token);

        string rules = node.Nft("list table inet gantry_test");
        Assert.Null(node.HostRoute.FindLink(lost.HostInterface!));
        Assert.NotNull(node.HostRoute.FindLink(known.Record.HostInterface!));
        Assert.DoesNotContain("8080", rules, StringComparison.Ordinal);
        Assert.Contains("9001", rules, StringComparison.Ordinal);
        Assert.Equal(2, Reservations(node)); // One address of each family, both of the known pod.
        node.Network.Reserve(TestNode.NewRequest(new PortMapping { HostPort = 8080, ContainerPort = 80 }));
    }

    [Fact]
    public async Task A_link_without_any_reservation_is_deleted_but_not_anybody_elses()
    {
        using TestNode node = new();
        using TestPod pod = await node.StartPodAsync();
        node.HostRoute.Execute(new RouteBatch().AddVeth("gtrforeign", "x", node.Outside));
        Directory.Delete(Path.Combine(node.Root, "run"), recursive: true);

        node.Restart();
        await node.Network.RecoverAsync([], Token);

        Assert.Null(node.HostRoute.FindLink(pod.Record.HostInterface!));
        Assert.NotNull(node.HostRoute.FindLink("gtrforeign"));
    }

    [Fact]
    public async Task An_attach_can_be_repeated_after_a_crash_in_the_middle_of_it()
    {
        using TestNode node = new();
        PodNetworkRecord record = node.Network.Reserve(TestNode.NewRequest());
        using PodAttachment lost = await node.Network.AttachAsync(record, Token);

        node.Restart();
        await node.Network.RecoverAsync([record], Token);
        using TestPod pod = new(await node.Network.AttachAsync(record, Token));
        using WhoAmI onHost = new(node.Host, 7000);

        Assert.Equal(pod.V4.ToString(), Ask.Tcp(pod.Namespace, IPAddress.Parse("10.99.0.1"), 7000));
    }

    [Fact]
    public async Task Detaching_twice_or_before_attaching_is_fine()
    {
        using TestNode node = new();
        PodNetworkRecord record = node.Network.Reserve(TestNode.NewRequest(new PortMapping { HostPort = 8080, ContainerPort = 80 }));

        await node.Network.DetachAsync(record, Token);
        await node.Network.DetachAsync(record, Token);
        using TestPod again = await node.StartPodAsync(new PortMapping { HostPort = 8080, ContainerPort = 80 });
    }

    [Fact]
    public async Task An_attach_that_fails_leaves_only_its_reservation()
    {
        using TestNode node = new();
        using TestPod first = await node.StartPodAsync();
        PodNetworkRecord record = node.Network.Reserve(TestNode.NewRequest());
        PodNetworkRecord broken = record with { Addresses = [.. record.Addresses, new PodAddress("10.99.0.77", 24, "198.51.100.1")] };
        int links = node.HostRoute.Links().Count;

        NetworkException error = await Assert.ThrowsAsync<NetworkException>(() => node.Network.AttachAsync(broken, Token));

        Assert.Contains("198.51.100.1", error.Message, StringComparison.Ordinal);
        await Until(() => node.HostRoute.Links().Count == links);
    }

    [Fact]
    public async Task An_address_is_not_used_again_while_its_interface_lives()
    {
        using TestNode node = new();
        node.Settings = node.Settings with { Ipv4Pool = "10.99.0.0/30", Ipv6Pool = null };
        node.Restart();
        TestPod pod = await node.StartPodAsync();
        await node.Network.DetachAsync(pod.Record, Token);

        // The pool has one address. Its pod is detached but its namespace lives: the link must go before the address is given.
        PodNetworkRecord next = node.Network.Reserve(TestNode.NewRequest());

        Assert.Null(node.HostRoute.FindLink(pod.Record.HostInterface!));
        Assert.Equal(pod.Record.PrimaryIp, next.PrimaryIp);
        pod.Dispose();
    }

    [Fact]
    public async Task The_background_frees_addresses_and_deletes_what_lingers()
    {
        using TestNode node = new();
        node.Settings = node.Settings with { Linger = TimeSpan.FromMilliseconds(300) };
        node.Restart();
        using CancellationTokenSource stop = new();
        Task background = node.Network.RunAsync(stop.Token);
        using TestPod lingering = await node.StartPodAsync();
        TestPod quick = await node.StartPodAsync();

        await node.Network.DetachAsync(quick.Record, Token);
        quick.Dispose();
        await node.Network.DetachAsync(lingering.Record, Token);

        await Until(() => Reservations(node) == 0);
        Assert.Null(node.HostRoute.FindLink(lingering.Record.HostInterface!));
        await stop.CancelAsync();
        await background;
    }

    [Fact]
    public async Task A_new_pod_cidr_serves_new_pods_and_outlives_a_restart()
    {
        using TestNode node = new();
        using TestPod old = await node.StartPodAsync();

        node.Network.UpdatePodCidr("10.77.1.0/24");
        node.Restart();
        await node.Network.RecoverAsync([old.Record], Token);
        using TestPod pod = await node.StartPodAsync();
        using WhoAmI inOld = new(old.Namespace, 80);
        using WhoAmI outside = new(node.Outside, 80);

        Assert.Equal("10.77.1.2", pod.Record.PrimaryIp);
        Assert.Equal(pod.V4.ToString(), Ask.Tcp(pod.Namespace, old.V4, 80));
        Assert.Equal(TestNode.HostV4, Ask.Tcp(pod.Namespace, IPAddress.Parse(TestNode.OutsideV4), 80));
        Assert.Equal(TestNode.HostV4, Ask.Tcp(old.Namespace, IPAddress.Parse(TestNode.OutsideV4), 80));
        Assert.Throws<NetworkException>(() => node.Network.UpdatePodCidr("10.0.0.0/24,10.1.0.0/24"));
        Assert.Throws<NetworkException>(() => node.Network.UpdatePodCidr("nonsense"));
    }

    [Fact]
    public async Task A_bridge_that_somebody_deleted_is_made_anew_for_the_next_pod()
    {
        using TestNode node = new();
        using TestPod before = await node.StartPodAsync();
        node.HostRoute.DeleteLink("gt0");

        using TestPod pod = await node.StartPodAsync();
        using WhoAmI onHost = new(node.Host, 7000);

        Assert.Equal(pod.V4.ToString(), Ask.Tcp(pod.Namespace, IPAddress.Parse("10.99.0.1"), 7000));
        await Assert.ThrowsAsync<NetworkException>(() => node.Network.CheckAsync(before.Record, Token));
    }

    [Fact]
    public async Task A_host_whose_administrator_switched_IPv6_off_gets_IPv4_pods()
    {
        using TestNode node = new();
        node.HostSysctl("ipv6/conf/all/disable_ipv6", "1");
        node.Restart();

        using TestPod pod = await node.StartPodAsync(new PortMapping { HostPort = 8080, ContainerPort = 80 });
        using WhoAmI server = new(pod.Namespace, 80, only: IPAddress.Any);

        Assert.Equal("10.99.0.2", Assert.Single(pod.Record.Addresses).Ip);
        Assert.Equal(TestNode.OutsideV4, Ask.Tcp(node.Outside, IPAddress.Parse(TestNode.HostV4), 8080));
    }

    [Theory]
    [InlineData("10.0.0.0/8", true)]
    [InlineData("fd00::/8", true)]
    [InlineData("10.0.0.0/33", false)]
    [InlineData("10.0.0.0/8; add rule", false)]
    [InlineData("0/8", false)]
    public void What_is_not_masqueraded_is_a_prefix(string prefix, bool accepted)
    {
        using TestNode node = new();
        node.Settings = node.Settings with { NoMasquerade = [prefix] };

        if (accepted)
        {
            node.Restart().EnsureReady();
            Assert.Contains(prefix, node.Nft("list table inet gantry_test"), StringComparison.Ordinal);
        }
        else
        {
            Assert.Throws<NetworkException>(() => node.Restart());
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("../x")]
    [InlineData("a/b")]
    [InlineData(".a")]
    [InlineData("a\n")]
    public void A_pod_id_that_is_no_file_name_is_refused(string id)
    {
        using TestNode node = new();

        Assert.Equal(
            NetworkError.InvalidArgument,
            Assert.Throws<NetworkException>(() => node.Network.Reserve(TestNode.NewRequest() with { PodId = id })).Error);
    }

    private static int Reservations(TestNode node) =>
        Directory.EnumerateFileSystemEntries(Directory.EnumerateDirectories(Path.Combine(node.Root, "run", "addresses")).Single()).Count();

    private static async Task Until(Func<bool> condition)
    {
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(20));
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(10));
        while (!condition())
        {
            await timer.WaitForNextTickAsync(patience.Token);
        }
    }
}
