// SPDX-License-Identifier: Apache-2.0
using System.Text.Json.Serialization;
using Gantry.Engine.Pods;
using Gantry.Network;

namespace Gantry.Engine.Records;

/// <summary>A pod on disk: facts, and the name of everything it owns. Written before anything of it is made, deleted last.</summary>
internal sealed record PodRecord
{
    public required string Id { get; init; }

    public required PodConfig Config { get; init; }

    public string RuntimeHandler { get; init; } = "";

    public required string Hostname { get; init; }

    /// <summary>Path below each cgroup hierarchy.</summary>
    public required string CgroupPath { get; init; }

    /// <summary><see langword="null"/> with the host's network.</summary>
    public PodNetworkRecord? Network { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>All steps are done. Absent: half made, to be undone.</summary>
    public DateTimeOffset? ReadyAt { get; init; }

    /// <summary>Asked to stop, or found dead: not ready since.</summary>
    public DateTimeOffset? StoppedAt { get; init; }

    /// <summary>Nothing in the kernel belongs to the pod any more: no process, cgroup, address or namespace.</summary>
    public DateTimeOffset? ReleasedAt { get; init; }

    /// <summary>Asked to be removed: to be finished after a crash.</summary>
    public DateTimeOffset? RemovedAt { get; init; }

    [JsonIgnore]
    public bool HostNetwork => Config.Security.Namespaces.Network == NamespaceMode.Node;

    /// <summary>Half-made pods are nobody's business, until undoing them has failed and somebody must try again.</summary>
    [JsonIgnore]
    public bool Visible => ReadyAt is not null || StoppedAt is not null;

    /// <summary>Not ready from now on; the first time counts.</summary>
    public PodRecord Stopped(DateTimeOffset at) => this with { StoppedAt = StoppedAt ?? at };

    public PodRecord Released(DateTimeOffset at) => Stopped(at) with { ReleasedAt = ReleasedAt ?? at };

    public Pod Snapshot(int? monitorPid) => new()
    {
        Id = Id,
        Config = Config,
        RuntimeHandler = RuntimeHandler,
        CreatedAt = CreatedAt,
        ReadyAt = ReadyAt,
        StoppedAt = StoppedAt,
        Addresses = Network is null ? [] : [.. Network.Addresses.Select(static a => a.Ip)],
        CgroupPath = CgroupPath,
        MonitorPid = monitorPid,
    };
}
