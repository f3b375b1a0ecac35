// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Containers;
using Gantry.Engine.Pods;
using Gantry.Oci.Image;
using Gantry.Oci.Runtime;

namespace Gantry.Engine.SpecBuilder;

/// <summary>Everything a container's specification follows from. Nothing else is read while it is built.</summary>
internal sealed record SpecRequest
{
    internal required string ContainerId { get; init; }

    internal required PodFacts Pod { get; init; }

    internal required ContainerConfig Container { get; init; }

    internal required ImageRunConfig Image { get; init; }

    internal required NodeFacts Node { get; init; }

    /// <summary>Content of the profile that the request names with <see cref="SecurityProfileType.Localhost"/>.</summary>
    internal LinuxSeccomp? LocalhostSeccomp { get; init; }

    /// <summary>Requested devices as they are on the node, in the order of the request.</summary>
    internal IReadOnlyList<HostDevice> Devices { get; init; } = [];

    /// <summary>All devices of the node, for a privileged container.</summary>
    internal IReadOnlyList<HostDevice> HostDevices { get; init; } = [];
}

/// <summary>What a container takes over from its pod.</summary>
internal sealed record PodFacts
{
    internal required PodConfig Config { get; init; }

    internal required string Hostname { get; init; }

    /// <summary>The pod's directory, with <c>hosts</c>, <c>hostname</c> and <c>resolv.conf</c>.</summary>
    internal required string Directory { get; init; }

    internal required string CgroupPath { get; init; }
}

/// <summary>What is the same for all containers of a node.</summary>
internal sealed record NodeFacts
{
    /// <summary>Capabilities that gantryd itself may hand on, with <c>CAP_</c>.</summary>
    internal required IReadOnlyList<string> Capabilities { get; init; }

    /// <summary>Hard limit of open files that gantryd may hand on.</summary>
    internal required ulong MaxOpenFiles { get; init; }

    internal bool AppArmor { get; init; }

    /// <summary>Swap is in use, so that a memory limit without a swap limit would not hold.</summary>
    internal bool Swap { get; init; }

    internal string DefaultPath { get; init; } = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

/// <summary>A device node.</summary>
/// <param name="Path">Absolute, in the container.</param>
/// <param name="Type"><c>c</c> or <c>b</c>.</param>
/// <param name="FileMode">Permission bits.</param>
/// <param name="Access">Some of r, w, m.</param>
internal sealed record HostDevice(
    string Path, string Type, long Major, long Minor, uint FileMode, uint Uid, uint Gid, string Access = "rwm");
