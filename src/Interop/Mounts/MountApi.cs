// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop.Files;

namespace Gantry.Interop.Mounts;

/// <summary>MOUNT_ATTR_* of linux/mount.h.</summary>
[Flags]
public enum MountAttributes : ulong
{
    None = 0,
    MOUNT_ATTR_RDONLY = 0x1,
    MOUNT_ATTR_NOSUID = 0x2,
    MOUNT_ATTR_NODEV = 0x4,
    MOUNT_ATTR_NOEXEC = 0x8,
    MOUNT_ATTR__ATIME = 0x70,
    MOUNT_ATTR_NOATIME = 0x10,
    MOUNT_ATTR_STRICTATIME = 0x20,
    MOUNT_ATTR_NODIRATIME = 0x80,
    MOUNT_ATTR_IDMAP = 0x100000,
    MOUNT_ATTR_NOSYMFOLLOW = 0x200000,
}

/// <summary>How mount events travel between copies of a mount (mount_namespaces(7)).</summary>
public enum MountPropagation : ulong
{
    Unchanged = 0,
    Unbindable = 1 << 17,
    Private = 1 << 18,
    Slave = 1 << 19,
    Shared = 1 << 20,
}

/// <summary>struct mount_attr of linux/mount.h.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MountAttr : IEquatable<MountAttr>
{
    public ulong Set;
    public ulong Clear;
    public ulong Propagation;
    public ulong UserNamespaceFd;

    public readonly bool Equals(MountAttr other) =>
        Set == other.Set && Clear == other.Clear && Propagation == other.Propagation && UserNamespaceFd == other.UserNamespaceFd;

    public override readonly bool Equals(object? obj) => obj is MountAttr other && Equals(other);

    public override readonly int GetHashCode() => HashCode.Combine(Set, Clear, Propagation, UserNamespaceFd);

    public static bool operator ==(MountAttr left, MountAttr right) => left.Equals(right);

    public static bool operator !=(MountAttr left, MountAttr right) => !left.Equals(right);
}

/// <summary>The mount system calls that act on descriptors: open_tree(2), move_mount(2), mount_setattr(2).</summary>
/// <remarks>Linux 5.2; mount_setattr Linux 5.12.</remarks>
public static unsafe class MountApi
{
    public const int AT_RECURSIVE = 0x8000;
    public const int AT_EMPTY_PATH = 0x1000;
    public const int AT_SYMLINK_NOFOLLOW = 0x100;
    public const int OPEN_TREE_CLONE = 1;
    public const int OPEN_TREE_CLOEXEC = 0x80000;
    public const int MOVE_MOUNT_F_EMPTY_PATH = 0x4;
    public const int MOVE_MOUNT_T_EMPTY_PATH = 0x40;

    /// <summary>A detached copy of the mount at <paramref name="path"/> (from that path down).</summary>
    /// <param name="directory">Where a relative path starts; with an empty path the place itself.</param>
    /// <param name="recursive">With the mounts below it.</param>
    public static OwnedFd CloneTree(SafeHandle? directory, string path, bool recursive)
    {
        int flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0) | (path.Length == 0 ? AT_EMPTY_PATH : 0);
        using FdLease lease = new(directory);
        fixed (byte* p = CString.Encode(path))
        {
            nint fd = Libc.syscall(SyscallNumber.SYS_open_tree, lease.Fd, (nint)p, flags, 0, 0, 0);
            return fd >= 0 ? new OwnedFd((int)fd) : throw SyscallException.FromLastError("open_tree", path);
        }
    }

    /// <summary>Attaches a detached mount at the place that <paramref name="target"/> names.</summary>
    /// <param name="target">An O_PATH descriptor of the mount point.</param>
    public static void Attach(SafeHandle mount, SafeHandle target, string subject)
    {
        using FdLease from = new(mount);
        using FdLease to = new(target);
        byte empty = 0;
        nint r = Libc.syscall(
            SyscallNumber.SYS_move_mount, from.Fd, (nint)(&empty), to.Fd, (nint)(&empty), MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH, 0);
        if (r < 0)
        {
            throw SyscallException.FromLastError("move_mount", subject);
        }
    }

    /// <summary>Changes attributes and propagation of a mount.</summary>
    public static void SetAttributes(SafeHandle mount, in MountAttr attributes, bool recursive, string subject)
    {
        using FdLease lease = new(mount);
        byte empty = 0;
        MountAttr copy = attributes;
        nint r = Libc.syscall(
            SyscallNumber.SYS_mount_setattr, lease.Fd, (nint)(&empty), AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), (nint)(&copy), sizeof(MountAttr), 0);
        if (r < 0)
        {
            throw SyscallException.FromLastError("mount_setattr", subject);
        }
    }

    /// <summary>mount(2): for what the calls on descriptors cannot say on older kernels.</summary>
    /// <param name="target">A path of the calling thread's mount namespace.</param>
    /// <param name="data">Options for the file system, at most one page.</param>
    public static void MountAt(string type, string target, string data)
    {
        fixed (byte* t = CString.Encode(type), p = CString.Encode(target), d = CString.Encode(data))
        {
            if (Libc.syscall(SyscallNumber.SYS_mount, (nint)t, (nint)p, (nint)t, 0, (nint)d, 0) < 0)
            {
                throw SyscallException.FromLastError("mount", $"{type} with {data.Length} bytes of options");
            }
        }
    }

    /// <summary>Makes an attached mount the root of the calling thread's mount namespace and drops everything else there.</summary>
    /// <remarks>The thread must have a mount namespace of its own. pivot_root(2), "pivot_root(".", ".")".</remarks>
    public static void PivotInto(SafeHandle root)
    {
        using FdLease lease = new(root);
        if (Libc.syscall(SyscallNumber.SYS_fchdir, lease.Fd, 0, 0, 0, 0, 0) < 0)
        {
            throw SyscallException.FromLastError("fchdir", "new root");
        }

        fixed (byte* dot = CString.Encode("."))
        {
            if (Libc.syscall(SyscallNumber.SYS_pivot_root, (nint)dot, (nint)dot, 0, 0, 0, 0) < 0)
            {
                throw SyscallException.FromLastError("pivot_root", "new root");
            }
        }

        Detach(".");
    }

    /// <summary>umount2(2) with MNT_DETACH on a path of this process's own making.</summary>
    public static void Detach(string path)
    {
        const int MNT_DETACH = 2;
        fixed (byte* p = CString.Encode(path))
        {
            if (Libc.syscall(SyscallNumber.SYS_umount2, (nint)p, MNT_DETACH, 0, 0, 0, 0) < 0)
            {
                throw SyscallException.FromLastError("umount2", path);
            }
        }
    }
}
