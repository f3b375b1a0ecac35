// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Engine;

public enum CgroupDriver
{
    Cgroupfs,
    Systemd,
}

/// <summary>Everything about the node that the engine must be told.</summary>
public sealed record EngineOptions
{
    /// <summary>Durable state: records, images, snapshots, volumes.</summary>
    public string Root { get; init; } = "/var/lib/gantry";

    /// <summary>Volatile state: a directory per pod with its monitor's socket, exits and files. Gone after a boot.</summary>
    public string State { get; init; } = "/run/gantry";

    /// <summary>The gantry-monitor program.</summary>
    public string MonitorProgram { get; init; } = "/usr/local/bin/gantry-monitor";

    public CgroupDriver CgroupDriver { get; init; }

    /// <summary>Cgroup of pods whose request names no parent.</summary>
    public string DefaultCgroupParent { get; init; } = "/gantry";

    /// <summary>Where pods without a DNS configuration get theirs from.</summary>
    public string ResolvConf { get; init; } = "/etc/resolv.conf";

    /// <summary>Runtime handlers a pod may name, besides the empty one.</summary>
    public IReadOnlyList<string> RuntimeHandlers { get; init; } = [];

    /// <summary>Added to every container's environment unless it sets it.</summary>
    public string DefaultPath { get; init; } = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>How long a monitor may take to say that it is ready.</summary>
    public TimeSpan MonitorStartTimeout { get; init; } = TimeSpan.FromSeconds(20);
}
