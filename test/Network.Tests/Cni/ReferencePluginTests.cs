// SPDX-License-Identifier: Apache-2.0
using System.Net;
using Gantry.Interop.Namespaces;
using Gantry.Interop.Netlink;
using Gantry.Network.Tests.Kit;

namespace Gantry.Network.Tests.Cni;

/// <summary>With the plugins that everybody has: bridge, host-local, portmap from Debian's containernetworking-plugins.</summary>
public sealed class ReferencePluginTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("0.3.1")]
    [InlineData("0.4.0")]
    [InlineData("1.0.0")]
    public async Task A_pod_is_attached_reached_through_its_host_port_checked_and_detached(string version)
    {
        using CniNode node = Node(version);
        PodNetworkRequest request = TestNode.NewRequest(new PortMapping { HostPort = 8080, ContainerPort = 80 });

        PodNetworkRecord reserved = node.Network.Reserve(request);
        using TestPod pod = new(await node.Network.AttachAsync(reserved, Token));
        using WhoAmI server = new(pod.Namespace, 80, "pod ");
        using WhoAmI onHost = new(node.Host, 7000);

        Assert.Equal("10.55.0.2", pod.Record.PrimaryIp);
        Assert.StartsWith("veth", pod.Record.HostInterface, StringComparison.Ordinal);
        Assert.Equal("10.55.0.2", Ask.Tcp(pod.Namespace, IPAddress.Parse("10.55.0.1"), 7000));
        Assert.StartsWith("pod ", Ask.Tcp(node.Host, IPAddress.Parse("10.55.0.1"), 8080), StringComparison.Ordinal);
        Assert.True((await node.Network.StatusAsync(Token)).Ready);

        await node.Network.DetachAsync(pod.Record, Token);

        Assert.False(File.Exists(reserved.NamespacePath));
        Assert.Empty(Directory.EnumerateFiles(node.Attachments));
        Assert.Equal(["last_reserved_ip.0", "lock"], Leases(node));
        Assert.Null(node.HostRoute.FindLink(pod.Record.HostInterface!));
    }

    [Fact]
    public async Task Check_sees_what_somebody_took_away()
    {
        using CniNode node = Node("1.0.0");
        using TestPod pod = new(await node.Network.AttachAsync(node.Network.Reserve(TestNode.NewRequest()), Token));
        await node.Network.CheckAsync(pod.Record, Token);
        node.HostRoute.DeleteLink(pod.Record.HostInterface!);

        NetworkException error = await Assert.ThrowsAsync<NetworkException>(() => node.Network.CheckAsync(pod.Record, Token));

        Assert.Equal(NetworkError.PluginFailed, error.Error);
        await node.Network.DetachAsync(pod.Record, Token);
    }

    /// <summary>plugins#252: after a reboot the namespace is gone, and the address must be released all the same.</summary>
    [Fact]
    public async Task Detach_after_a_reboot_releases_the_address_with_the_configuration_that_attach_used()
    {
        using CniNode node = Node("1.0.0");
        using TestPod pod = new(await node.Network.AttachAsync(node.Network.Reserve(TestNode.NewRequest()), Token));
        Assert.Contains("10.55.0.2", Leases(node));
        NetworkNamespace.Unpin(pod.Record.NamespacePath!);
        pod.Dispose();
        File.Delete(Path.Combine(node.Configurations, "10-test.conflist"));

        node.Restart();
        await node.Network.DetachAsync(pod.Record, Token);

        Assert.DoesNotContain("10.55.0.2", Leases(node));
        Assert.Empty(Directory.EnumerateFiles(node.Attachments));
    }

    [Fact]
    public async Task Recovery_releases_what_no_record_names()
    {
        using CniNode node = Node("1.0.0");
        using TestPod known = new(await node.Network.AttachAsync(node.Network.Reserve(TestNode.NewRequest()), Token));
        using TestPod lost = new(await node.Network.AttachAsync(node.Network.Reserve(TestNode.NewRequest()), Token));
        node.Network.Reserve(TestNode.NewRequest()); // Never attached.

        node.Restart();
        await node.Network.RecoverAsync([known.Record], Token);

        Assert.Equal(["10.55.0.2", "last_reserved_ip.0", "lock"], Leases(node));
        Assert.Single(Directory.EnumerateFiles(node.Attachments));
        Assert.True(File.Exists(known.Record.NamespacePath));
        Assert.False(File.Exists(lost.Record.NamespacePath));
        await node.Network.DetachAsync(known.Record, Token);
    }

    [Fact]
    public async Task Twenty_pods_at_once_get_twenty_addresses()
    {
        using CniNode node = Node("1.0.0");

        TestPod[] pods = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
            new TestPod(await node.Network.AttachAsync(node.Network.Reserve(TestNode.NewRequest()), Token))));
        int different = pods.Select(static p => p.Record.PrimaryIp).Distinct().Count();
        foreach (TestPod pod in pods)
        {
            await node.Network.DetachAsync(pod.Record, Token);
            pod.Dispose();
        }

        Assert.Equal(20, different);
        Assert.Equal(["last_reserved_ip.0", "lock"], Leases(node));
    }

    private static CniNode Node(string version)
    {
        Assert.SkipUnless(File.Exists(CniNode.ReferencePlugins + "/host-local"), "no reference plugins: install containernetworking-plugins");
        Assert.SkipUnless(File.Exists("/usr/sbin/iptables"), "no iptables, which portmap runs: install iptables");
        CniNode node = new();
        node.Configure("10-test.conflist", $$"""
            {
              "cniVersion": "{{version}}",
              "name": "testnet",
              "plugins": [
                {
                  "type": "bridge", "bridge": "cnitest0", "isGateway": true, "hairpinMode": true,
                  "ipam": {
                    "type": "host-local", "dataDir": "{{node.Root}}/ipam",
                    "ranges": [[{ "subnet": "10.55.0.0/24" }]],
                    "routes": [{ "dst": "0.0.0.0/0" }]
                  }
                },
                { "type": "portmap", "capabilities": { "portMappings": true }, "snat": true }
              ]
            }
            """);
        return node;
    }

    private static string[] Leases(CniNode node) =>
        [.. Directory.EnumerateFiles(Path.Combine(node.Root, "ipam", "testnet")).Select(static f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];
}
