// SPDX-License-Identifier: Apache-2.0
using System.Text.Json.Serialization;
using Gantry.Engine.Containers;

namespace Gantry.Engine.Records;

/// <summary>A container on disk: facts. Written before anything of it is made, deleted last.</summary>
/// <remarks>What it owns is named by its id: the snapshot, the volumes, the cgroup <c>&lt;pod cgroup&gt;/&lt;id&gt;</c>, the exit file.</remarks>
internal sealed record ContainerRecord
{
    public required string Id { get; init; }

    public required string PodId { get; init; }

    public required ContainerConfig Config { get; init; }

    public required string ImageId { get; init; }

    public string LogPath { get; init; } = "";

    public required int StopSignal { get; init; }

    public ResolvedUser? User { get; init; }

    public required ContainerResources Resources { get; init; }

    public required ContainerStatus Status { get; init; }

    /// <summary>All steps of the creation are done. Absent: half made, to be undone.</summary>
    public bool Complete { get; init; }

    /// <summary>Written before the monitor is asked to start it: without an exit file nobody else knows whether it ran.</summary>
    public DateTimeOffset? StartRequestedAt { get; init; }

    /// <summary>Asked to be removed: to be finished after a crash.</summary>
    public DateTimeOffset? RemovedAt { get; init; }

    [JsonIgnore]
    public bool Exited => Status.State == ContainerState.Exited;

    public Container Snapshot() => new()
    {
        Id = Id,
        PodId = PodId,
        Config = Config,
        ImageId = ImageId,
        LogPath = LogPath,
        StopSignal = StopSignal,
        User = User,
        Resources = Resources,
        Status = Status,
    };
}
