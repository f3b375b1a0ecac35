// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Gantry.Cgroups;
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Mounts;

namespace Gantry.Runtime.Rootfs;

/// <summary>What a container sees at <c>/sys/fs/cgroup</c>: its own groups, and nothing above them.</summary>
/// <remarks>
/// Binds of the container's own directories instead of fresh mounts: the same super block, about 5 µs each against 40, and the
/// same view in /proc/self/mountinfo because the cgroup namespace starts at these directories.
/// </remarks>
internal static class CgroupView
{
    private const uint DirectoryMode = 0b101_101_101;

    internal static void Add(MountPlan plan, string destination, MountOptions options, Cgroup? cgroup)
    {
        IReadOnlyList<CgroupDirectory> directories = cgroup?.Directories ?? [];
        bool unified = directories is [{ Name: "" }];
        OwnedFd top = unified ? Bind(directories[0], options) : Tmpfs();
        RootDirectory tree = new(top);
        (MountTarget target, string canonical) = plan.Locate(destination, directory: true);
        plan.Add(new PlannedMount { Action = MountAction.Attach, Destination = canonical, Target = target, Tree = tree, Options = options });
        if (!unified)
        {
            AddHierarchies(plan, canonical, tree, directories, options);
            MountApi.SetAttributes(top, new MountAttr { Set = options.Attributes.Set }, recursive: false, destination);
        }
    }

    private static void AddHierarchies(
        MountPlan plan, string canonical, RootDirectory tree, IReadOnlyList<CgroupDirectory> directories, MountOptions options)
    {
        foreach (CgroupDirectory directory in directories)
        {
            OwnedFd place = tree.MkdirAll(directory.Name, DirectoryMode);
            foreach (string controller in directory.Name.Contains(',', StringComparison.Ordinal) ? directory.Name.Split(',') : [])
            {
                At.Symlink(directory.Name, tree.Handle, controller);
            }

            plan.Add(new PlannedMount
            {
                Action = MountAction.Attach,
                Destination = string.Create(CultureInfo.InvariantCulture, $"{canonical}/{directory.Name}"),
                Target = new MountTarget(place, null, ""),
                Tree = new RootDirectory(Bind(directory, options)),
                Options = options,
            });
        }
    }

    private static OwnedFd Bind(CgroupDirectory directory, MountOptions options)
    {
        OwnedFd bind = MountApi.CloneTree(directory.Handle, "", recursive: false);
        MountApi.SetAttributes(bind, new MountAttr { Set = options.Attributes.Set, Propagation = (ulong)MountPropagation.Private }, false, directory.Name);
        return bind;
    }

    private static OwnedFd Tmpfs()
    {
        using FileSystemContext tmpfs = new("tmpfs");
        tmpfs.Set("mode", "755");
        tmpfs.Set("size", "64k");
        return tmpfs.Mount(MountAttributes.MOUNT_ATTR_NOSUID | MountAttributes.MOUNT_ATTR_NODEV | MountAttributes.MOUNT_ATTR_NOEXEC);
    }
}
