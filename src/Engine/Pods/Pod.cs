// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Engine.Pods;

public enum SandboxState
{
    Ready,
    NotReady,
}

/// <summary>What is known about a pod at one moment. Immutable: a change makes a new one.</summary>
public sealed record Pod
{
    /// <summary>64 lower-case hex digits.</summary>
    public required string Id { get; init; }

    public required PodConfig Config { get; init; }

    /// <summary>As the request named it; empty for the default.</summary>
    public string RuntimeHandler { get; init; } = "";

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When <see cref="PodEngine.RunAsync"/> had finished all steps.</summary>
    public DateTimeOffset? ReadyAt { get; init; }

    /// <summary>When the pod was asked to stop, or was found dead.</summary>
    public DateTimeOffset? StoppedAt { get; init; }

    /// <summary>The pod's addresses, the primary one first; empty with host network.</summary>
    public IReadOnlyList<string> Addresses { get; init; } = [];

    /// <summary>Path of the pod's cgroup below each hierarchy.</summary>
    public string CgroupPath { get; init; } = "";

    /// <summary>Process id of the pod's monitor; <see langword="null"/> when none runs.</summary>
    public int? MonitorPid { get; init; }

    public SandboxState State => ReadyAt is not null && StoppedAt is null ? SandboxState.Ready : SandboxState.NotReady;
}

/// <summary>All given conditions must hold. An id must match as a whole.</summary>
public sealed record PodFilter
{
    public string? Id { get; init; }

    public SandboxState? State { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init; } = Empty.Map;
}
