// SPDX-License-Identifier: Apache-2.0
using Gantry.Cgroups;
using Gantry.Images;
using Gantry.MonitorApi.Client;
using Gantry.Network;
using Gantry.Storage.Snapshots;

namespace Gantry.Engine;

/// <summary>What the engine works with. All of it stays the caller's, who disposes it after the engine.</summary>
public sealed record EngineParts
{
    public required ImageService Images { get; init; }

    public required SnapshotStore Snapshots { get; init; }

    public required ImageVolumes Volumes { get; init; }

    public required IPodNetwork Network { get; init; }

    public required CgroupHierarchies Cgroups { get; init; }

    public required MonitorLauncher Monitors { get; init; }
}
