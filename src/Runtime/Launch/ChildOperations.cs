// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Mounts;
using Gantry.Interop.Spawn;

namespace Gantry.Runtime.Launch;

/// <summary>The operations of a child's list, one method for each system call.</summary>
internal static class ChildOperations
{
    private const int AtWorkingDirectory = -100;
    private static readonly Errno[] s_missing = [Errno.ENOENT];

    /// <summary>Every descriptor but 0, 1 and 2 closes at execve, whoever forgot the flag (CVE-2024-21626).</summary>
    internal static void CloseOnExec(this SyscallList list)
    {
        const int CLOSE_RANGE_CLOEXEC = 4;
        list.Add(SyscallNumber.SYS_close_range, "close_range", "3..", [3, 0xFFFFFFFFL, CLOSE_RANGE_CLOEXEC]);
    }

    internal static Slot Write(this SyscallList list, Argument fd, ReadOnlySpan<byte> bytes, string subject, OnResult onResult = default) =>
        list.Add(SyscallNumber.SYS_write, "write", subject, [fd, list.Bytes(bytes), bytes.Length], onResult);

    /// <summary>Opens by path; only for paths of the launch namespace, before pivot_root.</summary>
    internal static Slot OpenTrusted(this SyscallList list, string path, OpenFlags flags, OnResult onResult = default) =>
        list.Add(
            SyscallNumber.SYS_openat, "openat", path,
            [AtWorkingDirectory, list.Text(path), (long)Openat2.Translate(flags | OpenFlags.O_CLOEXEC), 0], onResult);

    /// <summary>Opens below a directory without following anything out of it.</summary>
    internal static Slot OpenBelow(this SyscallList list, Argument directory, string path, OpenFlags flags, string subject, OnResult onResult = default) =>
        list.OpenResolved(directory, path, flags, ResolveFlags.RESOLVE_BENEATH | ResolveFlags.RESOLVE_NO_SYMLINKS, subject, onResult);

    /// <summary>Opens below a directory as if it were the root.</summary>
    internal static Slot OpenInRoot(this SyscallList list, Argument directory, string path, OpenFlags flags, string subject, OnResult onResult = default) =>
        list.OpenResolved(directory, path, flags, ResolveFlags.RESOLVE_IN_ROOT | ResolveFlags.RESOLVE_NO_MAGICLINKS, subject, onResult);

    internal static void SetNamespace(this SyscallList list, SafeHandle target, CloneFlags type) =>
        list.Add(SyscallNumber.SYS_setns, "setns", type.ToString(), [list.Fd(target), (long)type]);

    internal static void Unshare(this SyscallList list, CloneFlags types) =>
        list.Add(SyscallNumber.SYS_unshare, "unshare", types.ToString(), [(long)types]);

    /// <summary>fsopen, fsconfig, fsmount: a new file system of the child's own namespaces.</summary>
    /// <returns>The detached mount.</returns>
    internal static Slot MakeFileSystem(this SyscallList list, string type, IReadOnlyList<string> options, MountAttributes attributes)
    {
        Slot context = list.Add(SyscallNumber.SYS_fsopen, "fsopen", type, [list.Text(type), FileSystemContext.FSOPEN_CLOEXEC]);
        foreach (string option in options)
        {
            int equals = option.IndexOf('=', StringComparison.Ordinal);
            string key = equals < 0 ? option : option[..equals];
            long value = equals < 0 ? 0 : list.Text(option[(equals + 1)..]);
            int command = equals < 0 ? FileSystemContext.FSCONFIG_SET_FLAG : FileSystemContext.FSCONFIG_SET_STRING;
            list.Add(SyscallNumber.SYS_fsconfig, "fsconfig", $"{type} {option}", [context, command, list.Text(key), value, 0]);
        }

        list.Add(SyscallNumber.SYS_fsconfig, "fsconfig", $"{type} create", [context, FileSystemContext.FSCONFIG_CMD_CREATE, 0, 0, 0]);
        return list.Add(SyscallNumber.SYS_fsmount, "fsmount", type, [context, FileSystemContext.FSMOUNT_CLOEXEC, (long)attributes]);
    }

    internal static Slot CloneTree(this SyscallList list, Argument place, bool recursive, string subject)
    {
        int flags = MountApi.OPEN_TREE_CLONE | MountApi.OPEN_TREE_CLOEXEC | MountApi.AT_EMPTY_PATH | (recursive ? MountApi.AT_RECURSIVE : 0);
        return list.Add(SyscallNumber.SYS_open_tree, "open_tree", subject, [place, list.Text(""), flags]);
    }

    internal static void Attach(this SyscallList list, Argument tree, Argument place, string subject)
    {
        long empty = list.Text("");
        list.Add(
            SyscallNumber.SYS_move_mount, "move_mount", subject,
            [tree, empty, place, empty, MountApi.MOVE_MOUNT_F_EMPTY_PATH | MountApi.MOVE_MOUNT_T_EMPTY_PATH]);
    }

    internal static unsafe void SetMountAttributes(this SyscallList list, Argument mount, MountAttr attributes, string subject) =>
        list.Add(
            SyscallNumber.SYS_mount_setattr, "mount_setattr", subject,
            [mount, list.Text(""), MountApi.AT_EMPTY_PATH, list.Value(attributes), sizeof(MountAttr)]);

    /// <summary>pivot_root(".", ".") as its manual page describes, then the old root goes.</summary>
    internal static void PivotInto(this SyscallList list, Argument root)
    {
        const int MNT_DETACH = 2;
        long dot = list.Text(".");
        list.Add(SyscallNumber.SYS_fchdir, "fchdir", "rootfs", [root]);
        list.Add(SyscallNumber.SYS_pivot_root, "pivot_root", "rootfs", [dot, dot]);
        list.Add(SyscallNumber.SYS_umount2, "umount2", "old root", [dot, MNT_DETACH]);
        list.Add(SyscallNumber.SYS_chdir, "chdir", "/", [list.Text("/")]);
    }

    internal static void Prctl(this SyscallList list, string name, int option, long a, long b = 0, long c = 0) =>
        list.Add(SyscallNumber.SYS_prctl, "prctl", name, [option, a, b, c, 0]);

    private static Slot OpenResolved(
        this SyscallList list, Argument directory, string path, OpenFlags flags, ResolveFlags resolve, string subject, OnResult onResult)
    {
        ReadOnlySpan<ulong> how = [Openat2.Translate(flags | OpenFlags.O_CLOEXEC), 0, (ulong)resolve];
        long address = list.Bytes(MemoryMarshal.AsBytes(how));
        return list.Add(SyscallNumber.SYS_openat2, "openat2", subject, [directory, list.Text(path), address, how.Length * sizeof(ulong)], onResult);
    }

    /// <summary>What is missing is left out with everything that would be done to it.</summary>
    internal static OnResult SkipWhenMissing(int operations) => new() { Tolerated = s_missing, SkipOnError = operations };
}
