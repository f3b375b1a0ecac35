// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Pods;
using Wire = Gantry.Cri.V1;

namespace Gantry.Cri.Mapping;

/// <summary>Pods as CRI shows them.</summary>
internal static class PodMap
{
    internal static Wire.PodSandbox ListItem(Pod pod)
    {
        var wire = new Wire.PodSandbox
        {
            Id = pod.Id,
            Metadata = Metadata(pod.Config.Metadata),
            State = State(pod.State),
            CreatedAt = WireTime.Nanoseconds(pod.CreatedAt),
            RuntimeHandler = pod.RuntimeHandler,
        };
        wire.Labels.Fill(pod.Config.Labels);
        wire.Annotations.Fill(pod.Config.Annotations);
        return wire;
    }

    internal static Wire.PodSandboxStatus Status(Pod pod)
    {
        var wire = new Wire.PodSandboxStatus
        {
            Id = pod.Id,
            Metadata = Metadata(pod.Config.Metadata),
            State = State(pod.State),
            CreatedAt = WireTime.Nanoseconds(pod.CreatedAt),
            Network = Network(pod),
            Linux = new Wire.LinuxPodSandboxStatus
            {
                Namespaces = new Wire.Namespace { Options = SecurityMap.ToWire(pod.Config.Security.Namespaces) },
            },
            RuntimeHandler = pod.RuntimeHandler,
        };
        wire.Labels.Fill(pod.Config.Labels);
        wire.Annotations.Fill(pod.Config.Annotations);
        return wire;
    }

    private static Wire.PodSandboxMetadata Metadata(PodMetadata metadata) => new()
    {
        Name = metadata.Name,
        Uid = metadata.Uid,
        Namespace = metadata.Namespace,
        Attempt = metadata.Attempt,
    };

    private static Wire.PodSandboxState State(SandboxState state) =>
        state == SandboxState.Ready ? Wire.PodSandboxState.SandboxReady : Wire.PodSandboxState.SandboxNotready;

    /// <remarks>A pod on the host's network has no address of its own: the kubelet fills in the node's.</remarks>
    private static Wire.PodSandboxNetworkStatus Network(Pod pod)
    {
        var wire = new Wire.PodSandboxNetworkStatus();
        if (pod.Addresses.Count > 0)
        {
            wire.Ip = pod.Addresses[0];
            wire.AdditionalIps.AddRange(pod.Addresses.Skip(1).Select(address => new Wire.PodIP { Ip = address }));
        }

        return wire;
    }
}
