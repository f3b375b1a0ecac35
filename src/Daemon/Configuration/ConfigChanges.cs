// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Daemon.Configuration;

/// <param name="Applied">Whether SIGHUP was enough.</param>
internal sealed record ConfigChange(string Name, string Before, string After, bool Applied);

/// <summary>What a reload changes.</summary>
internal static class ConfigChanges
{
    internal static IReadOnlyList<ConfigChange> Between(DaemonConfig before, DaemonConfig after) =>
    [
        .. ConfigKeys.All
            .Select(key => new ConfigChange(key.Name, $"{key.Get(before)}", $"{key.Get(after)}", key.Reloadable))
            .Where(change => change.Before != change.After),
    ];

    /// <summary>All keys with their values, for people to read.</summary>
    internal static IReadOnlyDictionary<string, string> Settings(DaemonConfig config) =>
        ConfigKeys.All.ToDictionary(key => key.Name, key => $"{key.Get(config)}");
}
