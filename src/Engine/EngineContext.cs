// SPDX-License-Identifier: Apache-2.0
using System.Collections.Concurrent;
using Gantry.Cgroups;
using Gantry.Engine.Containers;
using Gantry.Engine.Events;
using Gantry.Engine.Monitors;
using Gantry.Engine.Node;
using Gantry.Engine.Pods;
using Gantry.Engine.Records;
using Gantry.Images;
using Gantry.Network;
using Gantry.Storage.Records;
using Gantry.Storage.Snapshots;
using Microsoft.Extensions.Logging;

namespace Gantry.Engine;

/// <summary>What all operations of the engine share: the objects in memory, their records, and the parts below.</summary>
internal sealed class EngineContext
{
    private const int RecordVersion = 1;

    internal required EngineOptions Options { get; init; }

    /// <summary>By reference or id; <see langword="null"/> when it is not on this node.</summary>
    internal required Func<string, ImageRecord?> FindImage { get; init; }

    /// <summary>Makes a container's writable layer, with the image's layers safe from collection meanwhile.</summary>
    internal required Func<string, ImageRecord, Snapshot> PrepareSnapshot { get; init; }

    internal required SnapshotStore Snapshots { get; init; }

    internal required ImageVolumes Volumes { get; init; }

    internal required IPodNetwork Network { get; init; }

    internal required CgroupHierarchies Cgroups { get; init; }

    internal required IMonitorLauncher Monitors { get; init; }

    internal required NodeProbe Node { get; init; }

    internal required TimeProvider Clock { get; init; }

    internal required ILogger Log { get; init; }

    internal required RecordStore<PodRecord> PodRecords { get; init; }

    internal required RecordStore<ContainerRecord> ContainerRecords { get; init; }

    internal EventHub Events { get; } = new();

    internal ConcurrentDictionary<string, PodEntry> Pods { get; } = new(StringComparer.Ordinal);

    internal ConcurrentDictionary<string, ContainerEntry> Containers { get; } = new(StringComparer.Ordinal);

    /// <summary>Ids by name, for the pods that exist or are being made.</summary>
    internal ConcurrentDictionary<PodMetadata, string> PodNames { get; } = new();

    /// <summary>Ids by name, for the containers that exist or are being made.</summary>
    internal ConcurrentDictionary<ContainerName, string> ContainerNames { get; } = new();

    internal DateTimeOffset Now => Clock.GetUtcNow();

    internal string PodsDirectory => Path.Combine(Options.State, "pods");

    internal string PodDirectory(string podId) => Path.Combine(PodsDirectory, podId);

    /// <summary>Where <see cref="Volumes"/> keeps a container's image volumes.</summary>
    internal string VolumeDirectory(string containerId) => Path.Combine(Options.Root, "volumes", containerId);

    internal static RecordStore<PodRecord> OpenPodRecords(string root) => RecordStore.Open(
        Path.Combine(root, "pods"), EngineJson.Default.PodRecord, RecordVersion, RecordDurability.Process);

    internal static RecordStore<ContainerRecord> OpenContainerRecords(string root) => RecordStore.Open(
        Path.Combine(root, "containers"), EngineJson.Default.ContainerRecord, RecordVersion, RecordDurability.Process);

    /// <exception cref="EngineException"><see cref="EngineError.NotFound"/>.</exception>
    internal PodEntry Pod(string id) => Pods.TryGetValue(id, out PodEntry? pod) && pod.Record.Visible
        ? pod
        : throw new EngineException(EngineError.NotFound, $"pod '{id}' is not known");

    /// <exception cref="EngineException"><see cref="EngineError.NotFound"/>.</exception>
    internal ContainerEntry Container(string id) => Containers.TryGetValue(id, out ContainerEntry? container) && container.Visible
        ? container
        : throw new EngineException(EngineError.NotFound, $"container '{id}' is not known");

    internal void Publish(ContainerEventType type, string id, PodEntry? pod) => Events.Publish(new ContainerEvent
    {
        ContainerId = id,
        Type = type,
        At = Now,
        Pod = pod?.Snapshot,
        Containers = pod is null ? [] : [.. pod.Containers.Values.Where(static c => c.Visible).Select(static c => c.Snapshot)],
    });
}
