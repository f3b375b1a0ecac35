// SPDX-License-Identifier: Apache-2.0
using CsCheck;
using Gantry.Images.Distribution;
using Gantry.Kit;

namespace Gantry.Images.Tests.Distribution;

public sealed class HostsTomlTests : IDisposable
{
    private readonly TempRoot _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void Mirrors_come_first_in_their_order_and_the_server_last()
    {
        IReadOnlyList<RegistryHost> hosts = Parse(
            """
            server = "https://docker.io"

            [host."https://public.example.com"]
              capabilities = ["pull"]
            [host."http://10.0.0.1:5000"]
              capabilities = ["pull", "resolve"]
            """);

        Assert.Equal(
            ["https://public.example.com/v2/", "http://10.0.0.1:5000/v2/", "https://registry-1.docker.io/v2/"],
            hosts.Select(h => h.Base.ToString()));
        Assert.Equal(HostCapabilities.Pull, hosts[0].Capabilities);
        Assert.Equal(HostCapabilities.Pull | HostCapabilities.Resolve, hosts[1].Capabilities);
        Assert.Equal([false, false, true], hosts.Select(h => h.IsUpstream));
        Assert.Equal(["docker.io", "docker.io", ""], hosts.Select(h => h.Namespace));
    }

    [Fact]
    public void Without_a_server_the_registry_itself_is_last()
    {
        IReadOnlyList<RegistryHost> hosts = Parse("[host.\"https://m\"]\n");

        Assert.Equal(["https://m/v2/", "https://registry-1.docker.io/v2/"], hosts.Select(h => h.Base.ToString()));
    }

    [Fact]
    public void Every_setting_is_read_for_a_host_and_for_the_server()
    {
        File.WriteAllText(_root["ca.pem"], "");
        File.WriteAllText(_root["c.cert"], "");
        File.WriteAllText(_root["c.key"], "");
        const string Settings =
            """
            ca = ["ca.pem"]
            client = [["c.cert", "c.key"], ["c.cert", ""]]
            skip_verify = true
            override_path = true
            dial_timeout = "1.5s"
            proxy = "http://proxy:3128"
            """;

        IReadOnlyList<RegistryHost> hosts = Parse(
            $"server = \"https://s/api\"\n{Settings}\n[header]\nx-a = \"1\"\n[host.\"https://h/api\"]\n{Settings}\n[host.\"https://h/api\".header]\nx-a = [\"1\"]\n");

        Assert.Equal(["https://h/api/", "https://s/api/"], hosts.Select(h => h.Base.ToString()));
        Assert.All(hosts, h =>
        {
            Assert.Equal([_root["ca.pem"]], h.Transport.CaFiles);
            Assert.Equal([new(_root["c.cert"], _root["c.key"]), new(_root["c.cert"], "")], h.Transport.ClientCertificates);
            Assert.True(h.Transport.SkipVerify);
            Assert.Equal(TimeSpan.FromSeconds(1.5), h.Transport.DialTimeout);
            Assert.Equal(new Uri("http://proxy:3128"), h.Transport.Proxy);
            Assert.Equal([KeyValuePair.Create("x-a", "1")], h.Headers);
        });
    }

    [Theory]
    [InlineData("server = ", 1, "")]
    [InlineData("server = 1", 1, "server: a string")]
    [InlineData("\n\n[host.\"https://m\"]\ncapabilities = [\"pull\", \"fly\"]", 4, "capability \"fly\": pull, resolve or push")]
    [InlineData("[host.\"ftp://m\"]", 1, "host \"ftp://m\": http:// or https://")]
    [InlineData("[host.\"https://u:p@m\"]", 1, "host \"https://u:p@m\"")]
    [InlineData("\n[host.\"https://m\"]\nskip_verfy = true", 3, "unknown key \"host.https://m.skip_verfy\"")]
    [InlineData("mirror = \"x\"", 1, "unknown key \"mirror\"")]
    [InlineData("skip_verify = \"yes\"", 1, "skip_verify: true or false")]
    [InlineData("ca = \"absent.pem\"", 1, "absent.pem\": does not exist")]
    [InlineData("dial_timeout = \"soon\"", 1, "dial_timeout \"soon\"")]
    [InlineData("[header]\n\"bad name\" = \"x\"", 2, "header \"bad name\": a token")]
    [InlineData("[[host]]\n", 1, "a table in single brackets")]
    [InlineData("a = 1\na = 2\n", 2, "")]
    public void A_wrong_file_is_an_error_with_file_and_line(string text, int line, string expected)
    {
        var error = Assert.Throws<ImageException>(() => Parse(text));

        Assert.Equal(ImageError.InvalidConfiguration, error.Error);
        Assert.StartsWith($"{_root["hosts.toml"]}:{line}: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_text_is_read_or_refused() => Gen.Char["ab=[]\".\n' #{},0-:/"].Array[0, 60].Sample(chars =>
    {
        try
        {
            _ = Parse(new string(chars));
        }
        catch (ImageException e)
        {
            Assert.Equal(ImageError.InvalidConfiguration, e.Error);
        }
    });

    [Fact]
    public void The_folder_with_the_port_wins_over_the_one_with_a_colon_and_the_default()
    {
        var hosts = new RegistryHosts([_root.Path], []);
        void Write(string folder, string server)
        {
            Directory.CreateDirectory(_root[folder]);
            File.WriteAllText(Path.Combine(_root[folder], "hosts.toml"), $"server = \"https://{server}\"");
        }

        Assert.Equal("https://q.io:5000/v2/", hosts.For("q.io:5000")[0].Base.ToString());
        Write("_default", "default");
        Assert.Equal("https://default/v2/", hosts.For("q.io:5000")[0].Base.ToString());
        Write("q.io:5000", "colon");
        Assert.Equal("https://colon/v2/", hosts.For("q.io:5000")[0].Base.ToString());
        Write("q.io_5000_", "underscore");
        Assert.Equal("https://underscore/v2/", hosts.For("q.io:5000")[0].Base.ToString());
        Assert.Equal("https://default/v2/", hosts.For("docker.io")[0].Base.ToString());
    }

    [Theory]
    [InlineData("docker.io", "https://registry-1.docker.io/v2/")]
    [InlineData("quay.io", "https://quay.io/v2/")]
    [InlineData("localhost:5000", "http://localhost:5000/v2/")]
    [InlineData("127.0.0.5", "http://127.0.0.5/v2/")]
    [InlineData("[::1]:5000", "http://[::1]:5000/v2/")]
    [InlineData("plain.example:80", "http://plain.example/v2/")]
    [InlineData("127.0.0.1.example.com", "https://127.0.0.1.example.com/v2/")]
    public void Only_loopback_and_configured_hosts_are_asked_by_plain_http(string registry, string expected)
    {
        var hosts = new RegistryHosts([_root.Path], ["plain.example:80"]);

        Assert.Equal(expected, Assert.Single(hosts.For(registry)).Base.ToString());
    }

    private IReadOnlyList<RegistryHost> Parse(string text) =>
        HostsToml.Parse(text, _root["hosts.toml"], "docker.io", "https://registry-1.docker.io");
}
