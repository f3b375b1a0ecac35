// SPDX-License-Identifier: Apache-2.0
using CsCheck;
using Gantry.Daemon.Configuration;
using Microsoft.Extensions.Logging;

namespace Gantry.Daemon.Tests;

public sealed class ConfigFileTests
{
    private static readonly DaemonConfig s_defaults = new();

    [Fact]
    public void An_empty_file_means_the_defaults() => Assert.Equal(s_defaults, Parse(""));

    [Fact]
    public void Values_of_every_kind_are_read()
    {
        DaemonConfig config = Parse("""
            root = "/data/gantry"
            runtime_handlers = ["gantry", "small.one"]
            [log]
            level = "debug"
            [network]
            mtu = 1450
            masquerade = false
            [cni]
            plugin_dirs = []
            """);

        Assert.Equal("/data/gantry", config.Root);
        Assert.Equal(["gantry", "small.one"], config.RuntimeHandlers);
        Assert.Equal(LogLevel.Debug, config.LogLevel);
        Assert.Equal(1450, config.Mtu);
        Assert.False(config.Masquerade);
        Assert.Empty(config.CniPluginDirectories);
    }

    [Theory]
    [InlineData("log.level = \"error\"")]
    [InlineData("log = { level = \"error\" }")]
    [InlineData("[log]\nlevel = \"error\"")]
    [InlineData("[\"log\"]\n'level' = \"error\"")]
    public void All_ways_to_write_a_key_mean_the_same(string text) => Assert.Equal(LogLevel.Error, Parse(text).LogLevel);

    [Theory]
    [InlineData("\n\n[network]\nmtu = \"big\"", "gantry.toml:4: network.mtu: \"big\"; accepted: an integer from 1280 to 65535, or 0")]
    [InlineData("root = \"relative\"", "gantry.toml:1: root: \"relative\"; accepted: an absolute path")]
    [InlineData("root = 3", "gantry.toml:1: root: 3; accepted: an absolute path")]
    [InlineData("docker.enabled = 1", "gantry.toml:1: docker.enabled: 1; accepted: true, false")]
    [InlineData("[cgroup]\ndriver = \"Systemd\"", "gantry.toml:2: cgroup.driver: \"Systemd\"; accepted: \"auto\", \"cgroupfs\", \"systemd\"")]
    [InlineData("network.ipv4_pool = \"10.0.0.0/33\"", "gantry.toml:1: network.ipv4_pool: \"10.0.0.0/33\"; accepted: an IPv4 prefix from /8 to /30, or \"\"")]
    [InlineData("network.ipv4_pool = \"fd00::/64\"", "gantry.toml:1: network.ipv4_pool: \"fd00::/64\"; accepted: an IPv4 prefix from /8 to /30, or \"\"")]
    [InlineData("cni.plugin_dirs = [\"/a\", \"b\"]", "gantry.toml:1: cni.plugin_dirs: [\"/a\", \"b\"]; accepted: absolute paths")]
    [InlineData("network.ipv4_pool = \"10.0.0.1/16\"", "gantry.toml:1: network.ipv4_pool: \"10.0.0.1/16\"; accepted: an IPv4 prefix from /8 to /30, or \"\"")]
    [InlineData("network.nftables_table = \"a-b\"", "gantry.toml:1: network.nftables_table: \"a-b\"; accepted: 1 to 32 letters, digits, '_', a letter first")]
    [InlineData("cni.plugin_dirs = [1]", "gantry.toml:1: cni.plugin_dirs: a value of another kind; accepted: absolute paths")]
    public void A_wrong_value_is_named_with_its_line_and_what_is_accepted(string text, string error)
    {
        ConfigException e = Assert.Throws<ConfigException>(() => Parse(text));

        Assert.Equal([error], e.Errors);
    }

    [Fact]
    public void An_unknown_key_is_an_error_that_names_its_neighbours()
    {
        ConfigException e = Assert.Throws<ConfigException>(() => Parse("[log]\nlevl = \"debug\""));

        Assert.Equal(["gantry.toml:2: log.levl: unknown key; accepted: log.level, log.format"], e.Errors);
    }

    [Fact]
    public void A_key_in_the_wrong_table_is_an_error_that_names_the_right_one()
    {
        ConfigException e = Assert.Throws<ConfigException>(() => Parse("mtu = 1400"));

        Assert.Equal(["gantry.toml:1: mtu: unknown key; did you mean network.mtu?"], e.Errors);
    }

    [Fact]
    public void All_errors_are_reported_at_once()
    {
        ConfigException e = Assert.Throws<ConfigException>(() => Parse("root = 1\nstate = 2\nnonsense = 3"));

        Assert.Equal(3, e.Errors.Count);
    }

    [Theory]
    [InlineData("root = \"/a\"\nroot = \"/b\"", ":2")]
    [InlineData("root = ", ":1")]
    [InlineData("[log\nlevel = \"debug\"", ":1")]
    [InlineData("\nroot = \"\\u", ":2")]
    public void What_is_not_toml_is_an_error_with_its_line(string text, string line)
    {
        ConfigException e = Assert.Throws<ConfigException>(() => Parse(text));

        Assert.All(e.Errors, error => Assert.StartsWith("gantry.toml:", error, StringComparison.Ordinal));
        Assert.Contains(e.Errors, error => error.Contains("gantry.toml" + line, StringComparison.Ordinal));
    }

    [Fact]
    public void Any_text_is_either_a_configuration_or_a_ConfigException()
    {
        string[] words = ["[", "]", "=", "\"", "'", "\n", "root", "log", ".", "level", "#", "{", "}", ",", "1", "true", "\\u", "é", "\0", " "];
        Gen.Int[0, words.Length - 1].Select(i => words[i]).Array[0, 30].Sample(pieces =>
        {
            try
            {
                Parse(string.Concat(pieces));
            }
            catch (ConfigException e)
            {
                Assert.NotEmpty(e.Errors);
            }
        });
    }

    [Fact]
    public void An_absent_file_is_an_error_only_when_it_was_named()
    {
        const string Absent = "/nonexistent/gantry.toml";

        Assert.Equal(s_defaults, ConfigFile.Read(Absent, required: false, s_defaults));
        Assert.Throws<ConfigException>(() => ConfigFile.Read(Absent, required: true, s_defaults));
    }

    private static DaemonConfig Parse(string text) => ConfigFile.Parse(text, "gantry.toml", s_defaults);
}
