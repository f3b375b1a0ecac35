// SPDX-License-Identifier: Apache-2.0
using Gantry.Daemon.Configuration;
using Microsoft.Extensions.Logging;

namespace Gantry.Daemon.Tests;

public sealed class CommandLineTests
{
    [Fact]
    public void Options_win_over_the_file()
    {
        using var directory = new TempDirectory();
        string file = directory.Write("config.toml", "state = \"/from/file\"\nlog.level = \"error\"");

        DaemonConfig config = CommandLine.Parse(["--config", file, "--state", "/from/option", "--log-level=debug"]).Load();

        Assert.Equal("/from/option", config.State);
        Assert.Equal("/from/option/gantry.sock", config.ListenPath);
        Assert.Equal(LogLevel.Debug, config.LogLevel);
    }

    [Theory]
    [InlineData("--nonsense: unknown option", "--nonsense")]
    [InlineData("--root: needs a value", "--root")]
    [InlineData("extra: unknown option", "extra")]
    public void A_wrong_option_is_named(string message, params string[] args)
    {
        ConfigException e = Assert.Throws<ConfigException>(() => CommandLine.Parse(args));

        Assert.StartsWith(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_value_of_an_option_is_named_with_what_is_accepted()
    {
        using var directory = new TempDirectory();
        string file = directory.Write("config.toml", "");

        ConfigException e = Assert.Throws<ConfigException>(() => CommandLine.Parse(["--config", file, "--log-level", "loud"]).Load());

        Assert.Equal("--log-level: \"loud\"; accepted: \"trace\", \"debug\", \"info\", \"warning\", \"error\"", e.Message);
    }

    [Fact]
    public void Keys_that_do_not_go_together_are_refused()
    {
        using var directory = new TempDirectory();
        string noPool = directory.Write("a.toml", "[network]\nipv4_pool = \"\"\nipv6_pool = \"\"");
        string oneSocket = directory.Write("b.toml", "listen = \"/x.sock\"\ndocker.listen = \"/x.sock\"");

        Assert.Contains("both are empty", Assert.Throws<ConfigException>(() => CommandLine.Parse(["--config", noPool]).Load()).Message, StringComparison.Ordinal);
        Assert.Contains("two different paths", Assert.Throws<ConfigException>(() => CommandLine.Parse(["--config", oneSocket]).Load()).Message, StringComparison.Ordinal);
    }
}
