// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Gantry.Daemon.Configuration;
using Gantry.Daemon.Logging;
using Gantry.Daemon.Systemd;
using Microsoft.Extensions.Logging;

namespace Gantry.Daemon.Tests;

public sealed class ReloadTests
{
    [Fact]
    public void A_reloadable_key_takes_effect_and_is_logged()
    {
        using var daemon = new ReloadedDaemon("log.level = \"info\"");

        string log = daemon.Reload("log.level = \"debug\"");

        Assert.Equal(LogLevel.Debug, daemon.Output.Level);
        Assert.Contains("log.level was \"info\", is \"debug\"", log, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_key_keeps_its_value_and_says_that_it_waits_for_a_restart()
    {
        using var daemon = new ReloadedDaemon("network.mtu = 1400");

        string log = daemon.Reload("network.mtu = 1500");

        Assert.Equal(1400, daemon.Current.Mtu);
        Assert.Contains("network.mtu was 1400, 1500 takes effect after a restart", log, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_file_changes_nothing_and_every_error_is_logged()
    {
        using var daemon = new ReloadedDaemon("log.level = \"info\"");

        string log = daemon.Reload("log.level = \"debug\"\nnonsense = 1\nroot = 2");

        Assert.Equal(LogLevel.Information, daemon.Output.Level);
        Assert.Contains(":2: nonsense: unknown key", log, StringComparison.Ordinal);
        Assert.Contains(":3: root: 2;", log, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unchanged_file_says_so() =>
        Assert.Contains("nothing changed", new ReloadedDaemon("").Reload(""), StringComparison.Ordinal);

    private sealed class ReloadedDaemon : IDisposable
    {
        private readonly TempDirectory _directory = new();
        private readonly MemoryStream _log = new();
        private readonly LoggerFactory _factory;
        private readonly Reload _reload;

        public ReloadedDaemon(string text)
        {
            CommandLine options = CommandLine.Parse(["--config", _directory.Write("config.toml", text)]);
            DaemonConfig config = options.Load();
            Output = new LogOutput(new TextLogWriter(_log), TimeProvider.System) { Level = config.LogLevel };
            _factory = new LoggerFactory([Output], new LoggerFilterOptions { MinLevel = LogLevel.Trace });
            _reload = new Reload(options, config, Output, new ServiceNotifier(null), _factory.CreateLogger<Reload>());
        }

        public LogOutput Output { get; }

        public DaemonConfig Current => _reload.Current;

        public string Reload(string text)
        {
            _directory.Write("config.toml", text);
            _reload.Run();
            return Encoding.UTF8.GetString(_log.ToArray());
        }

        public void Dispose()
        {
            _factory.Dispose();
            _directory.Dispose();
        }
    }
}
