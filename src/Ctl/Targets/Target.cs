// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.V1;

namespace Gantry.Ctl.Targets;

/// <summary>What a name or a shortened id on the command line stands for.</summary>
internal abstract record Target(string Id, string Name);

internal sealed record ContainerTarget(Container Container, PodSandbox? Pod) : Target(Container.Id, Container.Metadata.Name)
{
    /// <summary>Whether the pod exists only for this container.</summary>
    internal bool OwnsPod => Pod is not null && Pod.Labels.ContainsKey(RunLabels.Owner);
}

internal sealed record PodTarget(PodSandbox Pod) : Target(Pod.Id, Pod.Metadata.Name);

/// <summary>Marks on what "gantry run" makes.</summary>
internal static class RunLabels
{
    /// <summary>The pod belongs to its one container and goes with it.</summary>
    internal const string Owner = "dev.gantry.run";

    /// <summary>Annotation: host ports, for people.</summary>
    internal const string Ports = "dev.gantry.ports";

    internal const string Namespace = "gantry";
}
