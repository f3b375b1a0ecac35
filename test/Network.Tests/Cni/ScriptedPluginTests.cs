// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using System.Text.Json;
using Gantry.Network.Tests.Kit;

namespace Gantry.Network.Tests.Cni;

/// <summary>What the protocol says about errors, chains, STATUS and GC, with plugins written for it.</summary>
public sealed class ScriptedPluginTests
{
    private const string Result = """{"cniVersion":"1.1.0","interfaces":[{"name":"h0"},{"name":"eth0","sandbox":"x","mac":"02:00:00:00:00:01","mtu":1400}],"ips":[{"address":"10.1.0.9/24","gateway":"10.1.0.1","interface":1}],"future":{"kept":1}}""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_chain_passes_results_on_and_deletes_in_reverse_with_the_final_result()
    {
        using CniNode node = Chain("1.1.0", Say(Result));

        PodNetworkRecord record = node.Network.Reserve(TestNode.NewRequest() with
        {
            Namespace = "shop",
            Name = "web-0",
            Uid = "u-1",
            Bandwidth = new PodBandwidth { IngressBitsPerSecond = 1000 },
            Ports = [new PortMapping { HostPort = 8080, ContainerPort = 80, HostIp = "192.0.2.1" }, new PortMapping { HostPort = 0, ContainerPort = 81 }],
            Dns = new PodDns { Servers = ["10.96.0.10"] },
        });
        using TestPod pod = new(await node.Network.AttachAsync(record, Token));
        await node.Network.CheckAsync(pod.Record, Token);
        await node.Network.DetachAsync(pod.Record, Token);

        PluginCall first = node.Calls("first")[0];
        PluginCall second = node.Calls("second")[0];
        Assert.Equal(["ADD", "CHECK", "DEL"], node.Calls("first").Select(static c => c.Command));
        Assert.Equal(
            $"IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0;K8S_POD_INFRA_CONTAINER_ID={record.Request.PodId};K8S_POD_UID=u-1",
            first.Arguments);
        Assert.Equal((record.NamespacePath, "eth0"), (first.Namespace, first.Interface));
        Assert.Equal(("1.1.0", "chain"), (Text(first.Input, "cniVersion"), Text(first.Input, "name")));
        Assert.Equal("unchanged", Text(first.Input, "ownKey"));
        Assert.False(first.Input.TryGetProperty("prevResult", out _));
        Assert.False(first.Input.TryGetProperty("capabilities", out _));
        Assert.False(first.Input.TryGetProperty("runtimeConfig", out _));
        Assert.Equal(
            """{"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp","hostIP":"192.0.2.1"}],"bandwidth":{"ingressRate":1000,"ingressBurst":2147483647}}""",
            second.Input.GetProperty("runtimeConfig").GetRawText());
        Assert.Equal(1, second.Input.GetProperty("prevResult").GetProperty("future").GetProperty("kept").GetInt32());
        Assert.Equal("10.1.0.9/24", node.Calls("first")[2].Input.GetProperty("prevResult").GetProperty("ips")[0].GetProperty("address").GetString());
        Assert.Equal(new PodAddress("10.1.0.9", 24, "10.1.0.1"), Assert.Single(pod.Record.Addresses));
        Assert.Equal(("h0", "02:00:00:00:00:01"), (pod.Record.HostInterface, pod.Record.MacAddress));
    }

    [Theory]
    [InlineData("0.3.1", "4", false)]
    [InlineData("0.4.0", "4", false)]
    [InlineData("1.0.0", null, false)]
    [InlineData("1.1.0", null, true)]
    public async Task Results_are_handed_on_in_the_networks_version(string version, string? family, bool mtu)
    {
        using CniNode node = Chain(version, Say(Result));

        using TestPod pod = new(await node.Network.AttachAsync(node.Network.Reserve(TestNode.NewRequest()), Token));

        JsonElement handed = node.Calls("second")[0].Input.GetProperty("prevResult");
        Assert.Equal(version, Text(handed, "cniVersion"));
        Assert.Equal(family, handed.GetProperty("ips")[0].TryGetProperty("version", out JsonElement v) ? v.GetString() : null);
        Assert.Equal(mtu, handed.GetProperty("interfaces")[1].TryGetProperty("mtu", out _));
        await node.Network.DetachAsync(pod.Record, Token);
        Assert.Equal(version != "0.3.1", node.Calls("second")[^1].Input.TryGetProperty("prevResult", out _));
    }

    [Fact]
    public async Task A_failed_add_is_followed_by_del_of_all_and_leaves_no_namespace()
    {
        using CniNode node = Chain("1.0.0", Say(Result), second: """
            if [ "$CNI_COMMAND" = ADD ]; then echo '{"cniVersion":"1.0.0","code":7,"msg":"no such vlan","details":"vlan 12"}'; exit 1; fi
            """);
        PodNetworkRecord record = node.Network.Reserve(TestNode.NewRequest());

        NetworkException error = await Assert.ThrowsAsync<NetworkException>(() => node.Network.AttachAsync(record, Token));

        Assert.Equal(NetworkError.PluginFailed, error.Error);
        Assert.Contains("CNI plugin second ADD: no such vlan; vlan 12 (code 7)", error.Message, StringComparison.Ordinal);
        Assert.Equal(["ADD", "DEL"], node.Calls("first").Select(static c => c.Command));
        Assert.Equal(["ADD", "DEL"], node.Calls("second").Select(static c => c.Command));
        Assert.False(File.Exists(record.NamespacePath));
        await node.Network.DetachAsync(record, Token);
        Assert.Empty(Directory.EnumerateFiles(node.Attachments));
    }

    [Theory]
    [InlineData("echo 'no memory' >&2; exit 3", "exit code 3: no memory", NetworkError.PluginFailed)]
    [InlineData("kill -9 $$", "killed by signal 9", NetworkError.PluginFailed)]
    [InlineData("echo nonsense; exit 0", "no JSON", NetworkError.PluginFailed)]
    [InlineData("echo '[]'; exit 0", "a JSON object", NetworkError.PluginFailed)]
    [InlineData("""echo '{"cniVersion":"9.0.0"}'""", "cniVersion '9.0.0'", NetworkError.PluginFailed)]
    [InlineData("""echo '{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.300/24"}]}'""", "ips.address '10.0.0.300/24'", NetworkError.PluginFailed)]
    [InlineData("""echo '{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.3/24","interface":7}]}'""", "ips.interface 7", NetworkError.PluginFailed)]
    [InlineData("""echo '{"cniVersion":"1.0.0","ips":"x"}'""", "ips: a list of objects", NetworkError.PluginFailed)]
    [InlineData("""echo '{"cniVersion":"1.0.0","cniVersion":"1.0.0"}'""", "no JSON", NetworkError.PluginFailed)]
    [InlineData("""echo '{"code":11,"msg":"daemon starts"}'; exit 1""", "daemon starts (code 11)", NetworkError.NotReady)]
    [InlineData("head -c 3000000 /dev/zero", "more than 1048576 bytes", NetworkError.PluginFailed)]
    public async Task A_plugin_that_breaks_the_protocol_is_named_with_what_it_did(string body, string expected, NetworkError kind)
    {
        using CniNode node = Chain("1.0.0", $"if [ \"$CNI_COMMAND\" = ADD ]; then {body}; fi");

        NetworkException error = await Assert.ThrowsAsync<NetworkException>(
            () => node.Network.AttachAsync(node.Network.Reserve(TestNode.NewRequest()), Token));

        Assert.Equal(kind, error.Error);
        Assert.Contains("CNI plugin first ADD", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plugin_that_hangs_is_killed_with_its_children()
    {
        using CniNode node = Chain("1.0.0", "if [ $CNI_COMMAND = ADD ]; then sleep 600 & echo $! > {0}/child; wait; fi", timeout: TimeSpan.FromMilliseconds(700));
        Stopwatch watch = Stopwatch.StartNew();

        NetworkException error = await Assert.ThrowsAsync<NetworkException>(
            () => node.Network.AttachAsync(node.Network.Reserve(TestNode.NewRequest()), Token));

        Assert.Contains("killed after 0.7 s", error.Message, StringComparison.Ordinal);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20));
        int child = int.Parse(await File.ReadAllTextAsync(Path.Combine(node.Root, "child"), Token), null);
        Assert.True(!File.Exists($"/proc/{child}/stat") || (await File.ReadAllTextAsync($"/proc/{child}/stat", Token)).Contains(") Z ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_grandchild_that_keeps_the_pipes_does_not_hold_up_the_attach()
    {
        using CniNode node = Chain("1.0.0", $"if [ $CNI_COMMAND = ADD ]; then (sleep 20 & echo $! > {{0}}/child); echo '{Result}'; fi");
        Stopwatch watch = Stopwatch.StartNew();

        using TestPod pod = new(await node.Network.AttachAsync(node.Network.Reserve(TestNode.NewRequest()), Token));

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(15));
        Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(Path.Combine(node.Root, "child"), Token), null)).Kill();
    }

    [Fact]
    public async Task Cancelling_an_attach_kills_the_plugin_and_undoes_it()
    {
        using CniNode node = Chain("1.0.0", "if [ $CNI_COMMAND = ADD ]; then touch {0}/started; sleep 600; fi");
        using CancellationTokenSource cancel = new();
        PodNetworkRecord record = node.Network.Reserve(TestNode.NewRequest());
        Task<PodAttachment> attach = node.Network.AttachAsync(record, cancel.Token);
        while (!File.Exists(Path.Combine(node.Root, "started")))
        {
            await Task.Delay(10, Token);
        }

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => attach);
        Assert.Equal("DEL", node.Calls("first")[^1].Command);
        Assert.False(File.Exists(record.NamespacePath));
    }

    [Fact]
    public async Task A_failed_del_keeps_everything_for_the_next_try()
    {
        using CniNode node = Chain("1.0.0", Say(Result), second: $$"""
            if [ "$CNI_COMMAND" = DEL ] && [ ! -e {0}/repaired ]; then echo '{"code":5,"msg":"io"}'; exit 1; fi
            {{Say(Result)}}
            """);
        using TestPod pod = new(await node.Network.AttachAsync(node.Network.Reserve(TestNode.NewRequest()), Token));

        await Assert.ThrowsAsync<NetworkException>(() => node.Network.DetachAsync(pod.Record, Token));
        Assert.True(File.Exists(pod.Record.NamespacePath));
        Assert.Single(Directory.EnumerateFiles(node.Attachments));
        await File.WriteAllTextAsync(Path.Combine(node.Root, "repaired"), "", Token);
        await node.Network.DetachAsync(pod.Record, Token);
        await node.Network.DetachAsync(pod.Record, Token);

        Assert.False(File.Exists(pod.Record.NamespacePath));
        Assert.Empty(Directory.EnumerateFiles(node.Attachments));
    }

    [Fact]
    public async Task Gc_at_start_names_the_valid_attachments()
    {
        using CniNode node = Chain("1.1.0", Say(Result));
        using TestPod known = new(await node.Network.AttachAsync(node.Network.Reserve(TestNode.NewRequest()), Token));
        using TestPod lost = new(await node.Network.AttachAsync(node.Network.Reserve(TestNode.NewRequest()), Token));

        node.Restart();
        await node.Network.RecoverAsync([known.Record], Token);

        PluginCall gc = Assert.Single(node.Calls("first"), static c => c.Command == "GC");
        Assert.Equal(
            $$"""[{"containerID":"{{known.Record.Request.PodId}}","ifname":"eth0"}]""",
            gc.Input.GetProperty("cni.dev/valid-attachments").GetRawText());
        Assert.Single(node.Calls("first"), static c => c.Command == "DEL");
    }

    [Theory]
    [InlineData("1.0.0", "")]
    [InlineData("1.1.0", "\"disableGC\": true,")]
    public async Task Gc_is_left_out_for_old_versions_and_when_switched_off(string version, string extra)
    {
        using CniNode node = Chain(version, Say(Result), extra: extra);

        await node.Network.RecoverAsync([], Token);

        Assert.DoesNotContain(node.Calls("first"), static c => c.Command == "GC");
    }

    [Fact]
    public async Task Status_asks_the_plugins_and_passes_on_what_they_say()
    {
        using CniNode node = Chain("1.1.0", "if [ $CNI_COMMAND = STATUS ]; then echo '{\"code\":50,\"msg\":\"agent is down\"}'; exit 1; fi");

        NetworkStatus status = await node.Network.StatusAsync(Token);
        await node.Network.StatusAsync(Token);

        Assert.Equal(new NetworkStatus(false, "CniPluginNotReady", "CNI network chain: CNI plugin first STATUS: agent is down (code 50)"), status);
        Assert.Single(node.Calls("first"), static c => c.Command == "STATUS");
    }

    [Fact]
    public async Task Status_names_a_missing_plugin_and_one_of_another_version()
    {
        using CniNode node = Chain("1.0.0", Say(Result));
        File.Delete(Path.Combine(node.Plugins, "second"));
        NetworkStatus missing = await node.Network.StatusAsync(Token);
        await File.WriteAllTextAsync(
            Path.Combine(node.Plugins, "second"), "#!/bin/sh\necho '{\"supportedVersions\":[\"0.2.0\"]}'\n", Token);
        File.SetUnixFileMode(Path.Combine(node.Plugins, "second"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        node.Restart();
        NetworkStatus old = await node.Network.StatusAsync(Token);

        Assert.Contains($"CNI plugin second VERSION: no such file in {node.Plugins}", missing.Message, StringComparison.Ordinal);
        Assert.Contains("speaks 0.2.0, the configuration asks for 1.0.0", old.Message, StringComparison.Ordinal);
        Assert.False(old.Ready);
    }

    [Theory]
    [InlineData("a;K8S_POD_NAME=b")]
    [InlineData("a=b")]
    [InlineData("a\nb")]
    public void A_name_cannot_break_out_of_its_argument(string name)
    {
        using CniNode node = Chain("1.0.0", Say(Result));

        NetworkException error = Assert.Throws<NetworkException>(() => node.Network.Reserve(TestNode.NewRequest() with { Name = name }));

        Assert.Equal(NetworkError.InvalidArgument, error.Error);
        Assert.Empty(Directory.EnumerateFiles(node.Attachments));
    }

    private static string Say(string result) => $"case $CNI_COMMAND in ADD) echo '{result}';; esac";

    /// <param name="first">Body of the first plugin's script; {0} is the node's directory.</param>
    private static CniNode Chain(string version, string first, string? second = null, TimeSpan? timeout = null, string extra = "")
    {
        CniNode node = new(timeout);
        node.Plugin("first", first.Replace("{0}", node.Root, StringComparison.Ordinal));
        node.Plugin("second", (second ?? Say(Result)).Replace("{0}", node.Root, StringComparison.Ordinal));
        node.Configure("10-chain.conflist", $$"""
            {
              "cniVersion": "{{version}}", "name": "chain", {{extra}}
              "plugins": [
                { "type": "first", "ownKey": "unchanged", "cni.dev/x": 1 },
                { "type": "second", "capabilities": { "portMappings": true, "bandwidth": true, "dns": false } }
              ]
            }
            """);
        return node;
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
