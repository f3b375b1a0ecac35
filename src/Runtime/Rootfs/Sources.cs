// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Mounts;
using Gantry.Oci.Runtime;
using Gantry.Runtime.Launch;

namespace Gantry.Runtime.Rootfs;

/// <summary>Makes detached mounts for the mounts of a specification.</summary>
internal static class Sources
{
    /// <summary>A copy of a host directory or file, with its attributes and propagation set before anybody sees it.</summary>
    internal static OwnedFd Bind(Mount mount, MountOptions options, PodNamespaces? pod)
    {
        string source = mount.Source ?? throw LaunchException.Field($"mounts[{mount.Destination}].source", "missing", "a host path");
        OwnedFd tree = source == SharedMemory.Source && pod?.Shm is SharedMemory shm
            ? shm.Clone()
            : MountApi.CloneTree(null, source, options.Recursive);
        try
        {
            SetPropagation(tree, mount, options);
            SetAttributes(tree, options.Attributes, false, source);
            SetAttributes(tree, options.RecursiveAttributes, true, source);
            return tree;
        }
        catch
        {
            tree.Dispose();
            throw;
        }
    }

    /// <summary>A new file system such as tmpfs or devpts.</summary>
    internal static OwnedFd Make(Mount mount, MountOptions options)
    {
        string type = mount.Type ?? throw LaunchException.Field($"mounts[{mount.Destination}].type", "missing", "a file system, or option bind");
        using FileSystemContext context = new(type);
        if (!string.IsNullOrEmpty(mount.Source))
        {
            context.Set("source", mount.Source);
        }

        foreach (string option in options.Data)
        {
            int equals = option.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
            {
                context.SetFlag(option);
            }
            else
            {
                context.Set(option[..equals], option[(equals + 1)..]);
            }
        }

        return context.Mount((MountAttributes)options.Attributes.Set);
    }

    /// <summary>An empty read-only directory to hide another one.</summary>
    internal static OwnedFd EmptyDirectory()
    {
        using FileSystemContext tmpfs = new("tmpfs");
        tmpfs.Set("mode", "755");
        tmpfs.Set("nr_inodes", "1");
        tmpfs.Set("nr_blocks", "1");
        return tmpfs.Mount(MountAttributes.MOUNT_ATTR_RDONLY | MountAttributes.MOUNT_ATTR_NOSUID
            | MountAttributes.MOUNT_ATTR_NODEV | MountAttributes.MOUNT_ATTR_NOEXEC);
    }

    private static void SetAttributes(OwnedFd tree, in MountAttr attributes, bool recursive, string subject)
    {
        if (attributes.Set != 0 || attributes.Clear != 0)
        {
            MountApi.SetAttributes(tree, attributes, recursive, subject);
        }
    }

    /// <summary>A copy of a shared mount belongs to its peer group; unless asked for, it leaves it.</summary>
    private static void SetPropagation(OwnedFd tree, Mount mount, MountOptions options)
    {
        bool unset = options.Propagation == MountPropagation.Unchanged;
        if (options.Propagation == MountPropagation.Shared)
        {
            return;
        }

        MountPropagation propagation = unset ? MountPropagation.Private : options.Propagation;
        MountApi.SetAttributes(
            tree, new MountAttr { Propagation = (ulong)propagation }, unset || options.PropagationRecursive, mount.Destination);
    }
}
