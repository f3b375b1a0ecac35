// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Containers;
using Wire = Gantry.Cri.V1;

namespace Gantry.Cri.Mapping;

/// <summary>Containers as CRI shows them.</summary>
internal static class ContainerMap
{
    internal static Wire.Container ListItem(Container container)
    {
        var wire = new Wire.Container
        {
            Id = container.Id,
            PodSandboxId = container.PodId,
            Metadata = Metadata(container.Config.Metadata),
            Image = ImageMap.ToWire(container.Config.Image),
            ImageRef = container.ImageRef,
            ImageId = container.ImageId,
            State = (Wire.ContainerState)container.State,
            CreatedAt = WireTime.Nanoseconds(container.Status.CreatedAt),
        };
        wire.Labels.Fill(container.Config.Labels);
        wire.Annotations.Fill(container.Config.Annotations);
        return wire;
    }

    internal static Wire.ContainerStatus Status(Container container)
    {
        ContainerStatus status = container.Status;
        var wire = new Wire.ContainerStatus
        {
            Id = container.Id,
            Metadata = Metadata(container.Config.Metadata),
            State = (Wire.ContainerState)container.State,
            CreatedAt = WireTime.Nanoseconds(status.CreatedAt),
            StartedAt = WireTime.Nanoseconds(status.StartedAt),
            FinishedAt = WireTime.Nanoseconds(status.FinishedAt),
            ExitCode = status.ExitCode ?? 0,
            Reason = status.Reason ?? "",
            Message = status.Message ?? "",
            Image = ImageMap.ToWire(container.Config.Image),
            ImageRef = container.ImageRef,
            ImageId = container.ImageId,
            LogPath = container.LogPath,
            Resources = new Wire.ContainerResources { Linux = ResourcesMap.ToWire(container.Resources) },
            User = User(container.User),
            StopSignal = SignalMap.ToWire(container.StopSignal),
        };
        wire.Labels.Fill(container.Config.Labels);
        wire.Annotations.Fill(container.Config.Annotations);
        wire.Mounts.AddRange(container.Config.Mounts.Select(MountMap.ToWire));
        return wire;
    }

    private static Wire.ContainerMetadata Metadata(ContainerMetadata metadata) =>
        new() { Name = metadata.Name, Attempt = metadata.Attempt };

    private static Wire.ContainerUser? User(ResolvedUser? user)
    {
        if (user is null)
        {
            return null;
        }

        var wire = new Wire.ContainerUser { Linux = new Wire.LinuxContainerUser { Uid = user.Uid, Gid = user.Gid } };
        wire.Linux.SupplementalGroups.AddRange(user.SupplementalGroups.Select(group => (long)group));
        return wire;
    }
}
