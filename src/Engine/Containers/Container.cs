// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Engine.Containers;

/// <summary>The user a container's first process runs as, after the image's own files were asked.</summary>
public sealed record ResolvedUser(uint Uid, uint Gid, IReadOnlyList<uint> SupplementalGroups);

/// <summary>What is known about a container at one moment. Immutable: a change makes a new one.</summary>
public sealed record Container
{
    /// <summary>64 lower-case hex digits.</summary>
    public required string Id { get; init; }

    public required string PodId { get; init; }

    public required ContainerConfig Config { get; init; }

    /// <summary>The one id of the image, equal to the answer of PullImage.</summary>
    public required string ImageId { get; init; }

    /// <summary>What CRI calls <c>image_ref</c>: the same id.</summary>
    public string ImageRef => ImageId;

    /// <summary>Absolute path of the log; empty: none.</summary>
    public string LogPath { get; init; } = "";

    /// <summary>1 to 64.</summary>
    public required int StopSignal { get; init; }

    /// <summary><see langword="null"/> until the monitor has resolved it.</summary>
    public ResolvedUser? User { get; init; }

    /// <summary>The limits in force: those of the request, or of the last update.</summary>
    public required ContainerResources Resources { get; init; }

    public required ContainerStatus Status { get; init; }

    public ContainerState State => Status.State;
}

/// <summary>All given conditions must hold. Ids must match as a whole.</summary>
public sealed record ContainerFilter
{
    public string? Id { get; init; }

    public string? PodId { get; init; }

    public ContainerState? State { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init; } = Empty.Map;
}
