// SPDX-License-Identifier: Apache-2.0
using System.Text;
using CsCheck;
using Gantry.Network.Cni;
using Gantry.Network.Tests.Kit;

namespace Gantry.Network.Tests.Cni;

public sealed class ConfigurationTests
{
    private const string Valid = """{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"bridge"}]}""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""{"cniVersion":"1.0.0","cniVersions":["0.4.0","1.1.0","2.0.0"],"name":"n","plugins":[{"type":"p"}]}""", "1.1.0")]
    [InlineData("""{"cniVersion":"0.3.1","name":"n","type":"p"}""", "0.3.1")]
    public void The_highest_common_version_is_taken(string json, string version) =>
        Assert.Equal(version, CniConfiguration.Parse(Encoding.UTF8.GetBytes(json)).Version);

    [Theory]
    [InlineData("", "no JSON")]
    [InlineData("[]", "a JSON object")]
    [InlineData("""{"cniVersion":"1.0.0","plugins":[{"type":"p"}]}""", "name")]
    [InlineData("""{"cniVersion":"1.0.0","name":"../x","plugins":[{"type":"p"}]}""", "name '../x'")]
    [InlineData("""{"cniVersion":"1.0.0","name":"n\n","plugins":[{"type":"p"}]}""", "name")]
    [InlineData("""{"cniVersion":"2.0.0","name":"n","plugins":[{"type":"p"}]}""", "cniVersion '2.0.0': 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0")]
    [InlineData("""{"name":"n","plugins":[{"type":"p"}]}""", "cniVersion")]
    [InlineData("""{"cniVersion":1,"name":"n","plugins":[{"type":"p"}]}""", "cniVersion")]
    [InlineData("""{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"../../bin/sh"}]}""", "type '../../bin/sh'")]
    [InlineData("""{"cniVersion":"1.0.0","name":"n","plugins":[{}]}""", "type")]
    [InlineData("""{"cniVersion":"1.0.0","name":"n","plugins":{}}""", "plugins")]
    [InlineData("""{"cniVersion":"1.0.0","name":"n","plugins":[1]}""", "plugins")]
    [InlineData("""{"cniVersion":"1.0.0","name":"n","disableCheck":"x","plugins":[{"type":"p"}]}""", "disableCheck")]
    [InlineData("""{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"p","capabilities":1}]}""", "capabilities")]
    [InlineData("""{"cniVersion":"1.0.0","name":"n","name":"m","plugins":[{"type":"p"}]}""", "no JSON")]
    public void A_wrong_configuration_is_refused_with_the_field(string json, string expected)
    {
        FormatException error = Assert.Throws<FormatException>(() => CniConfiguration.Parse(Encoding.UTF8.GetBytes(json)));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_configurations_and_results_are_refused_and_nothing_else() =>
        Gen.Select(Gen.Int[0, 200], Gen.Byte, Gen.Int[0, 200]).Sample((at, value, cut) =>
        {
            byte[] json = Encoding.UTF8.GetBytes(
                """{"cniVersion":"1.0.0","name":"n","interfaces":[{"name":"e","sandbox":"s"}],"ips":[{"address":"10.0.0.1/8","interface":0}],"plugins":[{"type":"p","capabilities":{"x":true}}]}""");
            json[at % json.Length] = value;
            byte[] damaged = json[..Math.Max(1, json.Length - (cut % json.Length))];
            Tolerates(() => CniConfiguration.Parse(damaged));
            Tolerates(() => CniResult.Parse(damaged, "1.0.0"));
        });

    [Fact]
    public void The_first_valid_file_by_name_counts_and_wrong_ones_are_reported()
    {
        using CniNode node = new();
        node.Configure("00-broken.conflist", "{");
        node.Configure("05-readme.txt", Valid.Replace("\"n\"", "\"text\"", StringComparison.Ordinal));
        node.Configure("20-second.conflist", Valid.Replace("\"n\"", "\"second\"", StringComparison.Ordinal));
        node.Configure("10-first.conf", """{"cniVersion":"0.4.0","name":"first","type":"bridge"}""");

        Assert.Equal("first", node.Network.Reserve(TestNode.NewRequest()).CniNetwork);
        Assert.Contains(node.Notices, static n => n.Level == NoticeLevel.Warning && n.Message.Contains("00-broken.conflist", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_change_of_the_directory_counts_at_once()
    {
        using CniNode node = new();
        using NetworkSelector selector = new(node.Settings);
        NetworkKind empty = selector.Current;
        NetworkStatus builtin = await selector.StatusAsync(Token);

        node.Configure("10-net.conflist", Valid);
        NetworkKind configured = selector.Current;
        node.Configure("10-net.conflist", Valid[..20]);
        NetworkKind halfWritten = selector.Current;
        File.Delete(Path.Combine(node.Configurations, "10-net.conflist"));
        NetworkKind removed = selector.Current;

        Assert.True(builtin.Ready);
        Assert.Equal(
            (NetworkKind.Builtin, NetworkKind.Cni, NetworkKind.Cni, NetworkKind.Builtin), (empty, configured, halfWritten, removed));
    }

    [Fact]
    public async Task Each_pod_is_detached_from_the_network_that_it_was_attached_to()
    {
        using CniNode node = new();
        using NetworkSelector selector = new(node.Settings);
        using TestPod pod = new(await selector.AttachAsync(selector.Reserve(TestNode.NewRequest()), Token));
        node.Plugin("bridge", "exit 1");
        node.Configure("10-net.conflist", Valid);

        await selector.DetachAsync(pod.Record, Token);

        Assert.Equal(NetworkKind.Builtin, pod.Record.Kind);
        Assert.Equal(NetworkKind.Cni, selector.Reserve(TestNode.NewRequest()).Kind);
        Assert.Empty(node.Calls("bridge"));
    }

    [Fact]
    public async Task Without_a_configuration_cni_says_what_to_do()
    {
        using CniNode node = new();
        NetworkStatus none = await node.Network.StatusAsync(Token);
        node.Configure("10-broken.conflist", "{");
        NetworkStatus broken = await node.Network.StatusAsync(Token);

        Assert.Equal("CniNotConfigured", none.Reason);
        Assert.Contains(node.Configurations, none.Message, StringComparison.Ordinal);
        Assert.Contains("10-broken.conflist", broken.Message, StringComparison.Ordinal);
        Assert.Equal(NetworkError.NotReady, Assert.Throws<NetworkException>(() => node.Network.Reserve(TestNode.NewRequest())).Error);
    }

    [Fact]
    public void Plugins_in_the_networks_own_directory_come_after_the_inlined_ones()
    {
        using CniNode node = new();
        node.Configure("10-net.conflist", Valid);
        Directory.CreateDirectory(Path.Combine(node.Configurations, "n"));
        node.Configure("n/20-b.conf", """{"type":"b"}""");
        node.Configure("n/10-a.conf", """{"type":"a"}""");

        CniConfigurationDirectory directory = new(node.Configurations, static (_, _, _) => { });

        Assert.Equal(["bridge", "a", "b"], directory.Current()!.Plugins.Select(CniChain.TypeOf));
    }

    private static void Tolerates(Action parse)
    {
        try
        {
            parse();
        }
        catch (FormatException)
        {
            // Refused, as it should be.
        }
    }
}
