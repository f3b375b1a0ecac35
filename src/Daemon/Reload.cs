// SPDX-License-Identifier: Apache-2.0
using Gantry.Daemon.Configuration;
using Gantry.Daemon.Logging;
using Gantry.Daemon.Systemd;
using Microsoft.Extensions.Logging;

namespace Gantry.Daemon;

/// <summary>SIGHUP: reads the configuration again, applies what can be applied and says what changed. A wrong file changes nothing.</summary>
internal sealed class Reload(CommandLine options, DaemonConfig config, LogOutput log, ServiceNotifier systemd, ILogger<Reload> logger)
{
    private readonly Lock _gate = new();
    private DaemonConfig _config = config;

    /// <summary>The configuration in force: keys that need a restart still have their old value.</summary>
    internal DaemonConfig Current => Volatile.Read(ref _config);

    internal void Run()
    {
        lock (_gate)
        {
            systemd.Reloading();
            try
            {
                Apply(options.Load());
            }
            catch (ConfigException e)
            {
                foreach (string error in e.Errors)
                {
                    logger.ReloadRefused(error);
                }
            }
            finally
            {
                systemd.Ready();
            }
        }
    }

    private void Apply(DaemonConfig wanted)
    {
        IReadOnlyList<ConfigChange> changes = ConfigChanges.Between(_config, wanted);
        if (changes.Count == 0)
        {
            logger.NothingChanged();
        }

        DaemonConfig applied = _config;
        foreach (ConfigChange change in changes)
        {
            if (!change.Applied)
            {
                logger.NeedsRestart(change.Name, change.Before, change.After);
                continue;
            }

            ConfigKey key = ConfigKeys.Find(change.Name)!;
            applied = key.Set(applied, key.Get(wanted)) ?? applied;
            logger.Reloaded(change.Name, change.Before, change.After);
        }

        log.Level = applied.LogLevel;
        Volatile.Write(ref _config, applied);
    }
}
