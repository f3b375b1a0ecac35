// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Containers;
using Gantry.Engine.Pods;

namespace Gantry.Engine.Events;

/// <summary>Numbers are the CRI's.</summary>
public enum ContainerEventType
{
    Created = 0,
    Started = 1,
    Stopped = 2,
    Deleted = 3,
}

/// <summary>Something that happened to a container, or, when <see cref="ContainerId"/> is a pod's id, to its sandbox.</summary>
public sealed record ContainerEvent
{
    public required string ContainerId { get; init; }

    public required ContainerEventType Type { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary><see langword="null"/> when the pod is gone.</summary>
    public Pod? Pod { get; init; }

    /// <summary>The containers of the pod at that moment.</summary>
    public IReadOnlyList<Container> Containers { get; init; } = [];
}
