// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine;
using Gantry.Engine.Containers;
using Gantry.Engine.Pods;
using Wire = Gantry.Cri.V1;

namespace Gantry.Cri.Mapping;

/// <summary>Filters of the lists. An id may be shortened.</summary>
internal static class FilterMap
{
    internal static PodFilter Pods(GantryEngine engine, Wire.PodSandboxFilter? wire) => wire is null ? new PodFilter() : new()
    {
        Id = wire.Id.Length == 0 ? null : Lookup.PodId(engine, wire.Id),
        State = wire.State is Wire.PodSandboxStateValue value
            ? value.State == Wire.PodSandboxState.SandboxReady ? SandboxState.Ready : SandboxState.NotReady
            : null,
        Labels = new Dictionary<string, string>(wire.LabelSelector),
    };

    internal static ContainerFilter Containers(GantryEngine engine, Wire.ContainerFilter? wire) => wire is null ? new ContainerFilter() : new()
    {
        Id = wire.Id.Length == 0 ? null : Lookup.ContainerId(engine, wire.Id),
        PodId = wire.PodSandboxId.Length == 0 ? null : Lookup.PodId(engine, wire.PodSandboxId),
        State = wire.State is Wire.ContainerStateValue value ? (ContainerState)value.State : null,
        Labels = new Dictionary<string, string>(wire.LabelSelector),
    };
}
