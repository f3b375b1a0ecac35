// SPDX-License-Identifier: Apache-2.0
using CsCheck;
using Gantry.Network.PodFiles;

namespace Gantry.Network.Tests.PodFiles;

public sealed class PodFilesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("gantry-files-").FullName;

    [Fact]
    public void A_pods_own_dns_becomes_its_resolv_conf()
    {
        PodDns dns = new()
        {
            Servers = ["10.96.0.10", "fd00::10"],
            Searches = ["default.svc.cluster.local", "svc.cluster.local"],
            Options = ["ndots:5", "edns0"],
        };

        Assert.Equal(
            "search default.svc.cluster.local svc.cluster.local\nnameserver 10.96.0.10\nnameserver fd00::10\noptions ndots:5 edns0\n",
            ResolvConf.Build(dns, "nameserver 9.9.9.9\n"));
    }

    [Fact]
    public void A_pod_without_dns_gets_the_hosts()
    {
        Assert.Equal("# host\nnameserver 9.9.9.9\n", ResolvConf.Build(new PodDns(), "# host\nnameserver 9.9.9.9\n"));
    }

    [Theory]
    [InlineData("127.0.0.53", "nameserver 192.0.2.53\n")]
    [InlineData("::1", "nameserver 192.0.2.53\n")]
    [InlineData("192.0.2.1", "nameserver 192.0.2.1\n")]
    public void A_resolver_on_loopback_is_replaced_by_the_one_behind_it(string server, string expected)
    {
        string host = Write("resolv.conf", $"nameserver {server}\n");
        string upstream = Write("upstream.conf", "nameserver 192.0.2.53\n");

        Assert.Equal(expected, ResolvConf.ReadHost(host, upstream));
    }

    [Fact]
    public void A_mixed_or_missing_upstream_leaves_the_hosts_file_alone()
    {
        string mixed = Write("mixed.conf", "nameserver 127.0.0.1\nnameserver 192.0.2.1\n");
        string loopback = Write("loop.conf", "nameserver 127.0.0.1\n");

        Assert.Equal(File.ReadAllText(mixed), ResolvConf.ReadHost(mixed, Path.Combine(_directory, "none")));
        Assert.Equal(File.ReadAllText(loopback), ResolvConf.ReadHost(loopback, Path.Combine(_directory, "none")));
        Assert.Equal("", ResolvConf.ReadHost(Path.Combine(_directory, "none"), Path.Combine(_directory, "none")));
    }

    [Fact]
    public void A_huge_host_file_is_cut_at_a_line()
    {
        string huge = Write("huge.conf", string.Concat(Enumerable.Repeat("nameserver 192.0.2.1\n", 10_000)));

        string read = ResolvConf.ReadHost(huge, "");

        Assert.InRange(read.Length, 1, 64 * 1024);
        Assert.EndsWith("nameserver 192.0.2.1\n", read, StringComparison.Ordinal);
    }

    /// <summary>A line break in a value must not start an entry of its own.</summary>
    [Theory]
    [InlineData("a\nnameserver 6.6.6.6")]
    [InlineData("a\r")]
    [InlineData("a b")]
    [InlineData("a\tb")]
    [InlineData("a\u0085b")]
    [InlineData("a\u2028b")]
    [InlineData("")]
    public void CVE_2022_4318_values_that_could_start_another_line_are_refused(string value)
    {
        Refused(() => ResolvConf.Build(new PodDns { Searches = [value] }, ""));
        Refused(() => ResolvConf.Build(new PodDns { Options = [value] }, ""));
        Refused(() => ResolvConf.Build(new PodDns { Servers = [value] }, ""));
        Refused(() => HostsFile.Build(["10.0.0.1"], value));
        Refused(() => HostsFile.Build([value], "pod"));
        Refused(() => HostsFile.Hostname(value));
    }

    [Fact]
    public void CVE_2022_4318_whatever_is_accepted_stays_on_its_line() =>
        Gen.Select(Gen.String[Gen.Char, 0, 12], Gen.String[Gen.Char.AlphaNumeric, 1, 5]).Sample((wild, tame) =>
        {
            foreach (string value in new[] { wild, tame + wild, tame })
            {
                try
                {
                    Assert.Equal(2, ResolvConf.Build(new PodDns { Searches = [value] }, "").Split('\n').Length);
                    Assert.Equal(6, HostsFile.Build(["10.0.0.1"], value).ReplaceLineEndings("\n").Split('\n').Length);
                }
                catch (NetworkException e)
                {
                    Assert.Equal(NetworkError.InvalidArgument, e.Error);
                }
            }
        });

    [Fact]
    public void Hosts_lists_loopback_and_each_address()
    {
        string hosts = HostsFile.Build(["10.0.0.5", "fd00::5"], "web-0");

        Assert.Contains("127.0.0.1\tlocalhost\n", hosts, StringComparison.Ordinal);
        Assert.EndsWith("10.0.0.5\tweb-0\nfd00::5\tweb-0\n", hosts, StringComparison.Ordinal);
        Assert.Equal("web-0\n", HostsFile.Hostname("web-0"));
    }

    [Theory]
    [InlineData("10M", 10_000_000L)]
    [InlineData("1k", 1000L)]
    [InlineData("1Mi", 1_048_576L)]
    [InlineData("1.5G", 1_500_000_000L)]
    [InlineData("2e6", 2_000_000L)]
    [InlineData("1P", 1_000_000_000_000_000L)]
    public void Bandwidth_is_a_quantity(string text, long expected)
    {
        PodBandwidth? bandwidth = PodBandwidth.FromAnnotations(
            new Dictionary<string, string> { ["kubernetes.io/ingress-bandwidth"] = text });

        Assert.Equal(new PodBandwidth { IngressBitsPerSecond = expected }, bandwidth);
    }

    [Theory]
    [InlineData("")]
    [InlineData("999")]
    [InlineData("2P")]
    [InlineData("-1M")]
    [InlineData("10 M")]
    [InlineData("1e99")]
    [InlineData("99999999999999999999999999999E")]
    [InlineData("10M\n")]
    public void Bandwidth_outside_its_range_is_refused(string text)
    {
        Refused(() => PodBandwidth.FromAnnotations(new Dictionary<string, string> { ["kubernetes.io/egress-bandwidth"] = text }));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private string Write(string name, string content)
    {
        string path = Path.Combine(_directory, name);
        File.WriteAllText(path, content);
        return path;
    }

    private static void Refused(Func<object?> action) =>
        Assert.Equal(NetworkError.InvalidArgument, Assert.Throws<NetworkException>(action).Error);
}
