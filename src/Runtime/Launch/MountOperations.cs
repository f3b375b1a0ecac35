// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop.Files;
using Gantry.Interop.Mounts;
using Gantry.Interop.Spawn;
using Gantry.Runtime.Rootfs;

namespace Gantry.Runtime.Launch;

/// <summary>Turns a <see cref="MountPlan"/> into operations: attach the rootfs, then each mount, then make it the root.</summary>
internal static class MountOperations
{
    /// <param name="console">The container's end of its terminal, for /dev/console.</param>
    internal static void Append(SyscallList list, SafeHandle rootfs, MountPlan plan, (SafeHandle Terminal, MountTarget Place)? console)
    {
        Argument root = list.Fd(rootfs);
        Slot place = list.OpenTrusted(LaunchNamespace.RootfsPath, OpenFlags.O_PATH | OpenFlags.O_DIRECTORY);
        list.Attach(root, place, "rootfs");
        Dictionary<PlannedMount, Argument> made = [];
        foreach (PlannedMount mount in plan.Mounts)
        {
            AppendOne(list, mount, made);
        }

        if (console is var (terminal, target))
        {
            // A copy of an attached mount: older kernels copy no mount that is attached nowhere.
            list.Attach(list.CloneTree(list.Fd(terminal), recursive: false, "/dev/console"), list.Fd(target.Place!), "/dev/console");
        }

        list.PivotInto(root);
    }

    private static void AppendOne(SyscallList list, PlannedMount mount, Dictionary<PlannedMount, Argument> made)
    {
        switch (mount.Action)
        {
            case MountAction.Attach:
                Argument place = Place(list, mount, made, operationsAfter: 1);
                list.Attach(list.Fd(mount.Tree!.Handle), place, mount.Destination);
                break;
            case MountAction.Make:
                Argument target = Place(list, mount, made, operationsAfter: 0);
                Slot tree = list.MakeFileSystem(mount.FileSystem, mount.Options!.Data, (MountAttributes)mount.Options.Attributes.Set);
                list.Attach(tree, target, mount.Destination);
                made[mount] = tree;
                break;
            default:
                Protect(list, mount, made);
                break;
        }
    }

    private static void Protect(SyscallList list, PlannedMount mount, Dictionary<PlannedMount, Argument> made)
    {
        Argument place = Place(list, mount, made, operationsAfter: 3);
        Slot copy = list.CloneTree(place, recursive: true, mount.Destination);
        list.SetMountAttributes(copy, new MountAttr { Set = (ulong)MountAttributes.MOUNT_ATTR_RDONLY }, mount.Destination);
        list.Attach(copy, place, mount.Destination);
    }

    private static Argument Place(SyscallList list, PlannedMount mount, Dictionary<PlannedMount, Argument> made, int operationsAfter)
    {
        MountTarget target = mount.Target;
        if (target.Place is not null)
        {
            return list.Fd(target.Place);
        }

        Argument parent = made[target.Parent!];
        return target.Path.Length == 0
            ? parent
            : list.OpenBelow(
                parent, target.Path, OpenFlags.O_PATH, mount.Destination,
                mount.MayBeMissing ? ChildOperations.SkipWhenMissing(operationsAfter) : default);
    }
}
