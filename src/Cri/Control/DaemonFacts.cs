// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Cri.Control;

/// <summary>What only the daemon knows about itself; a reload makes a new one.</summary>
public sealed record DaemonFacts
{
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Absolute path of the configuration file that was read; empty: none.</summary>
    public required string ConfigFile { get; init; }

    /// <summary>v1, v2 or hybrid.</summary>
    public required string CgroupVersion { get; init; }

    /// <summary>Effective settings, keys as in config.toml. No secrets.</summary>
    public required IReadOnlyDictionary<string, string> Settings { get; init; }
}
