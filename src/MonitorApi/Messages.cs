// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;

namespace Gantry.MonitorApi;

/// <summary>Where a pod takes a namespace from.</summary>
public enum NamespaceSource
{
    /// <summary>A new one, owned by the monitor and shared by the pod's containers.</summary>
    Pod,

    /// <summary>A new one for each container (only PID).</summary>
    Container,

    /// <summary>The host's.</summary>
    Node,
}

/// <summary>First request to a monitor. The network namespace travels as the message's one descriptor unless <see cref="HostNetwork"/>.</summary>
public sealed record ConfigurePod
{
    public required string PodId { get; init; }

    /// <summary>Name for the pod's UTS namespace; empty with host network.</summary>
    public required string Hostname { get; init; }

    public bool HostNetwork { get; init; }

    public NamespaceSource Ipc { get; init; }

    public NamespaceSource Pid { get; init; }

    /// <summary>Kernel parameters for the pod's namespaces, dotted names.</summary>
    public IReadOnlyDictionary<string, string> Sysctls { get; init; } = new Dictionary<string, string>();

    /// <summary>Path below each cgroup hierarchy, absolute: <c>/kubepods/burstable/pod…/&lt;pod id&gt;</c>.</summary>
    public required string CgroupPath { get; init; }
}

/// <summary>Layers of a container's root file system, as data for an overlay mount.</summary>
public sealed record RootfsLayers
{
    /// <summary>Absolute paths, the topmost layer first.</summary>
    public required IReadOnlyList<string> Lower { get; init; }

    public required string Upper { get; init; }

    public required string Work { get; init; }
}

/// <summary>A directory that an image declares as a volume: its content is copied from the rootfs on creation.</summary>
/// <param name="Source">Host directory, empty, made by Storage.</param>
/// <param name="Destination">Absolute path in the container.</param>
public sealed record ImageVolume(string Source, string Destination);

/// <summary>The user to run as, before the image's files were asked.</summary>
public sealed record ProcessUser
{
    /// <summary>What the request says, first choice: uid; second: name.</summary>
    public uint? Uid { get; init; }

    public uint? Gid { get; init; }

    /// <summary>Name or number, "user", "user:group": from the request (run_as_username) or from the image.</summary>
    public string? Name { get; init; }

    public IReadOnlyList<uint> SupplementalGroups { get; init; } = [];

    /// <summary>True: only the listed groups, not those of the image's /etc/group (CRI SupplementalGroupsPolicy Strict).</summary>
    public bool StrictGroups { get; init; }
}

public sealed record CreateContainer
{
    public required string ContainerId { get; init; }

    /// <summary>OCI runtime specification (config.json) of the container; <c>root.path</c> is ignored.</summary>
    public required JsonElement Spec { get; init; }

    public required RootfsLayers Rootfs { get; init; }

    public required ProcessUser User { get; init; }

    public IReadOnlyList<ImageVolume> Volumes { get; init; } = [];

    /// <summary>Absolute path of the CRI log; empty: output is discarded.</summary>
    public string LogPath { get; init; } = "";

    /// <summary>Directory above <see cref="LogPath"/>: symbolic links are followed up to it and refused below; <see langword="null"/>: refused everywhere.</summary>
    public string? LogRoot { get; init; }

    public bool Stdin { get; init; }

    public bool StdinOnce { get; init; }

    /// <summary>A PID namespace of its own although the pod shares one.</summary>
    public bool OwnPidNamespace { get; init; }

    /// <summary>Process whose PID namespace is joined (CRI NamespaceMode TARGET): another container of this pod.</summary>
    public string? PidTargetContainerId { get; init; }
}

public sealed record CreatedContainer
{
    public required uint Uid { get; init; }

    public required uint Gid { get; init; }

    public required IReadOnlyList<uint> AdditionalGids { get; init; }
}

public sealed record StartContainer(string ContainerId);

/// <param name="Pid">Process id in the host's PID namespace.</param>
/// <param name="StartTime">Field 22 of /proc/PID/stat, clock ticks since boot.</param>
/// <param name="StartedAt">Wall clock.</param>
public sealed record StartedContainer(int Pid, ulong StartTime, DateTimeOffset StartedAt);

/// <param name="Signal">1 to 64.</param>
/// <param name="All">Every process of the container's cgroup instead of its init.</param>
public sealed record SignalContainer(string ContainerId, int Signal, bool All);

/// <summary>Runs a further process. Descriptors with the message: stdin, stdout, stderr (all three always).</summary>
public sealed record ExecProcess
{
    public required string ContainerId { get; init; }

    public required string ExecId { get; init; }

    public required IReadOnlyList<string> Args { get; init; }

    public bool Terminal { get; init; }
}

/// <param name="Pid">Process id in the host's PID namespace.</param>
public sealed record StartedExec(int Pid);

public sealed record KillExec(string ExecId);

public sealed record ReopenLog(string ContainerId);

/// <param name="Resources">OCI <c>linux.resources</c>.</param>
public sealed record UpdateContainer(string ContainerId, JsonElement Resources);

public sealed record DeleteContainer(string ContainerId);

public enum MonitoredState
{
    Created,
    Running,
    Exited,
}

/// <summary>How a container ended. Also the content of <c>exits/&lt;container id&gt;.json</c>.</summary>
public sealed record ContainerExit
{
    public required string ContainerId { get; init; }

    /// <summary>0 to 255; 128 + n when signal n ended the process.</summary>
    public required int ExitCode { get; init; }

    public required DateTimeOffset FinishedAt { get; init; }

    /// <summary>The kernel killed a process of this incarnation for memory.</summary>
    public bool OomKilled { get; init; }

    public DateTimeOffset? StartedAt { get; init; }
}

public sealed record MonitoredContainer
{
    public required string ContainerId { get; init; }

    public required MonitoredState State { get; init; }

    public int? Pid { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public ContainerExit? Exit { get; init; }
}

public sealed record PodState
{
    /// <summary><see langword="null"/> until configured.</summary>
    public ConfigurePod? Pod { get; init; }

    public required IReadOnlyList<MonitoredContainer> Containers { get; init; }
}

public sealed record ExecExit(string ExecId, string ContainerId, int ExitCode);

/// <summary>Sent on descriptor 3 and to each new connection: the monitor serves.</summary>
/// <param name="Protocol">Version of the messages; a gantryd may be newer than a monitor that it finds.</param>
public sealed record MonitorReady(int Protocol, int Pid);

/// <summary>The kernel killed a process of the container for memory; the container may run on.</summary>
public sealed record ContainerOom(string ContainerId);

/// <summary>Answer to <c>configure</c>.</summary>
/// <param name="HelperPids">Processes of ours in the pod: its init when the pod shares a PID namespace.</param>
public sealed record ConfiguredPod(IReadOnlyList<int> HelperPids);

/// <summary>An answer without content.</summary>
public sealed record Done;
