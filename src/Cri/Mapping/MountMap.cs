// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Containers;
using Wire = Gantry.Cri.V1;

namespace Gantry.Cri.Mapping;

/// <summary>Mounts of a container, both ways.</summary>
internal static class MountMap
{
    private static readonly string[] s_options = ["noexec", "nodev", "nosuid"];

    internal static ContainerMount FromWire(Wire.Mount wire, int index)
    {
        string field = $"config.mounts[{index}]";
        Check(field, wire);
        return new ContainerMount
        {
            ContainerPath = Require.Name($"{field}.container_path", wire.ContainerPath),
            HostPath = wire.Image is null ? Require.AbsolutePath($"{field}.host_path", wire.HostPath) : "",
            Readonly = wire.Readonly,
            RecursiveReadonly = wire.RecursiveReadOnly,
            Propagation = Propagation($"{field}.propagation", wire.Propagation),
            SelinuxRelabel = wire.SelinuxRelabel,
            UidMappings = SecurityMap.Mappings(wire.UidMappings),
            GidMappings = SecurityMap.Mappings(wire.GidMappings),
            Image = wire.Image is null ? null : ImageMap.FromWire(Require.Image($"{field}.image", wire.Image)),
            ImageSubPath = Require.RelativePathOrEmpty($"{field}.image_sub_path", wire.ImageSubPath),
            Options = [.. wire.MountOptions],
        };
    }

    internal static Wire.Mount ToWire(ContainerMount mount)
    {
        var wire = new Wire.Mount
        {
            ContainerPath = mount.ContainerPath,
            HostPath = mount.HostPath,
            Readonly = mount.Readonly,
            RecursiveReadOnly = mount.RecursiveReadonly,
            Propagation = (Wire.MountPropagation)mount.Propagation,
            SelinuxRelabel = mount.SelinuxRelabel,
            Image = mount.Image is null ? null : ImageMap.ToWire(mount.Image),
            ImageSubPath = mount.ImageSubPath,
        };
        wire.UidMappings.AddRange(mount.UidMappings.Select(SecurityMap.ToWire));
        wire.GidMappings.AddRange(mount.GidMappings.Select(SecurityMap.ToWire));
        wire.MountOptions.AddRange(mount.Options);
        return wire;
    }

    private static void Check(string field, Wire.Mount wire)
    {
        // The kubelet checks the same before it asks; a runtime must refuse what it cannot keep.
        if (wire.RecursiveReadOnly && (!wire.Readonly || wire.Propagation != Wire.MountPropagation.PropagationPrivate))
        {
            throw Require.Invalid($"{field}.recursive_read_only", "true", "only with readonly and PROPAGATION_PRIVATE");
        }

        foreach (string option in wire.MountOptions)
        {
            if (!s_options.Contains(option))
            {
                throw Require.Invalid($"{field}.mount_options", option, "noexec, nodev, nosuid");
            }
        }
    }

    private static MountPropagation Propagation(string field, Wire.MountPropagation wire) => wire switch
    {
        Wire.MountPropagation.PropagationPrivate => MountPropagation.Private,
        Wire.MountPropagation.PropagationHostToContainer => MountPropagation.HostToContainer,
        Wire.MountPropagation.PropagationBidirectional => MountPropagation.Bidirectional,
        _ => throw Require.Invalid(field, $"{(int)wire}", "0 (PRIVATE), 1 (HOST_TO_CONTAINER), 2 (BIDIRECTIONAL)"),
    };
}
