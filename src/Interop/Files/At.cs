// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using System.Text;

namespace Gantry.Interop.Files;

/// <summary>The calls that take a directory and a name in it.</summary>
/// <remarks>
/// <para>
/// A null directory is the working directory. For what a tenant controls pass one single name, never a path: the
/// last component is never followed by any call here, but the kernel follows links in components before it.
/// </para>
/// <para>Methods that start with Try return the error number; the others throw <see cref="SyscallException"/>.</para>
/// </remarks>
public static unsafe partial class At
{
    /// <summary>mkdirat(2). The process's umask applies to <paramref name="mode"/>.</summary>
    public static Errno TryMkdir(SafeHandle? directory, KernelText name, uint mode)
    {
        using FdLease lease = new(directory);
        fixed (byte* p = name)
        {
            return Result(Libc.mkdirat(lease.Fd, p, mode));
        }
    }

    /// <inheritdoc cref="TryMkdir"/>
    public static void Mkdir(SafeHandle? directory, KernelText name, uint mode) =>
        Check(TryMkdir(directory, name, mode), "mkdirat", name);

    /// <summary>mknodat(2). The process's umask applies to <paramref name="mode"/>.</summary>
    /// <param name="type">Fifo, socket, regular file, or a device.</param>
    /// <param name="device">Number of a device; otherwise default.</param>
    public static Errno TryMknod(SafeHandle? directory, KernelText name, FileType type, uint mode, DeviceNumber device)
    {
        using FdLease lease = new(directory);
        nint fullMode = (nint)(((uint)type << 12) | mode);
        fixed (byte* p = name)
        {
            return Result(Libc.syscall(
                SyscallNumber.SYS_mknodat, lease.Fd, (nint)p, fullMode, (nint)device.Packed, 0, 0));
        }
    }

    /// <inheritdoc cref="TryMknod"/>
    public static void Mknod(SafeHandle? directory, KernelText name, FileType type, uint mode, DeviceNumber device = default) =>
        Check(TryMknod(directory, name, type, mode, device), "mknodat", name);

    /// <summary>symlinkat(2).</summary>
    /// <param name="target">Text of the link; any bytes but NUL, 1 to 4095 of them.</param>
    public static Errno TrySymlink(KernelText target, SafeHandle? directory, KernelText name)
    {
        using FdLease lease = new(directory);
        fixed (byte* t = target)
        {
            fixed (byte* p = name)
            {
                return Result(Libc.symlinkat(t, lease.Fd, p));
            }
        }
    }

    /// <inheritdoc cref="TrySymlink"/>
    public static void Symlink(KernelText target, SafeHandle? directory, KernelText name) =>
        Check(TrySymlink(target, directory, name), "symlinkat", name);

    /// <summary>linkat(2): a second name for a file; a symbolic link itself is linked, not its target.</summary>
    public static Errno TryLink(SafeHandle? oldDirectory, KernelText oldName, SafeHandle? directory, KernelText name)
    {
        using FdLease from = new(oldDirectory);
        using FdLease to = new(directory);
        fixed (byte* o = oldName)
        {
            fixed (byte* p = name)
            {
                return Result(Libc.linkat(from.Fd, o, to.Fd, p, 0));
            }
        }
    }

    /// <inheritdoc cref="TryLink"/>
    public static void Link(SafeHandle? oldDirectory, KernelText oldName, SafeHandle? directory, KernelText name) =>
        Check(TryLink(oldDirectory, oldName, directory, name), "linkat", name);

    /// <summary>linkat(2) with AT_EMPTY_PATH: a name for the open file itself, O_PATH and O_TMPFILE included.</summary>
    /// <remarks>Needs CAP_DAC_READ_SEARCH.</remarks>
    public static Errno TryLinkOpen(SafeHandle file, SafeHandle? directory, KernelText name)
    {
        using FdLease from = new(file);
        using FdLease to = new(directory);
        byte empty = 0;
        fixed (byte* p = name)
        {
            return Result(Libc.linkat(from.Fd, &empty, to.Fd, p, Libc.AT_EMPTY_PATH));
        }
    }

    /// <inheritdoc cref="TryLinkOpen"/>
    public static void LinkOpen(SafeHandle file, SafeHandle? directory, KernelText name) =>
        Check(TryLinkOpen(file, directory, name), "linkat", name);

    /// <summary>unlinkat(2) of anything but a directory. EISDIR: it is one.</summary>
    public static Errno TryUnlink(SafeHandle? directory, KernelText name) => Remove(directory, name, 0);

    /// <inheritdoc cref="TryUnlink"/>
    public static void Unlink(SafeHandle? directory, KernelText name) =>
        Check(TryUnlink(directory, name), "unlinkat", name);

    /// <summary>unlinkat(2) of an empty directory.</summary>
    public static Errno TryRmdir(SafeHandle? directory, KernelText name) => Remove(directory, name, Libc.AT_REMOVEDIR);

    /// <inheritdoc cref="TryRmdir"/>
    public static void Rmdir(SafeHandle? directory, KernelText name) =>
        Check(TryRmdir(directory, name), "unlinkat", name);

    /// <summary>renameat2(2).</summary>
    public static Errno TryRename(
        SafeHandle? oldDirectory, KernelText oldName, SafeHandle? directory, KernelText name, RenameFlags flags = RenameFlags.None)
    {
        using FdLease from = new(oldDirectory);
        using FdLease to = new(directory);
        fixed (byte* o = oldName)
        {
            fixed (byte* p = name)
            {
                return Result(Libc.syscall(
                    SyscallNumber.SYS_renameat2, from.Fd, (nint)o, to.Fd, (nint)p, (nint)flags, 0));
            }
        }
    }

    /// <inheritdoc cref="TryRename"/>
    public static void Rename(
        SafeHandle? oldDirectory, KernelText oldName, SafeHandle? directory, KernelText name, RenameFlags flags = RenameFlags.None) =>
        Check(TryRename(oldDirectory, oldName, directory, name, flags), "renameat2", name);

    /// <summary>fchownat(2) of the name itself.</summary>
    /// <param name="uid">New owner; <see cref="uint.MaxValue"/> leaves it.</param>
    /// <param name="gid">New group; <see cref="uint.MaxValue"/> leaves it.</param>
    public static Errno TryChown(SafeHandle? directory, KernelText name, uint uid, uint gid)
    {
        using FdLease lease = new(directory);
        fixed (byte* p = name)
        {
            return Result(Libc.fchownat(lease.Fd, p, uid, gid, Libc.AT_SYMLINK_NOFOLLOW));
        }
    }

    /// <inheritdoc cref="TryChown"/>
    public static void Chown(SafeHandle? directory, KernelText name, uint uid, uint gid) =>
        Check(TryChown(directory, name, uid, gid), "fchownat", name);

    /// <summary>utimensat(2) of the name itself, with nanoseconds.</summary>
    public static Errno TrySetTimes(SafeHandle? directory, KernelText name, FileTime access, FileTime modify)
    {
        using FdLease lease = new(directory);
        Libc.FileTimeValue* times = stackalloc Libc.FileTimeValue[2] { access.Value, modify.Value };
        fixed (byte* p = name)
        {
            return Result(Libc.utimensat(lease.Fd, p, times, Libc.AT_SYMLINK_NOFOLLOW));
        }
    }

    /// <inheritdoc cref="TrySetTimes"/>
    public static void SetTimes(SafeHandle? directory, KernelText name, FileTime access, FileTime modify) =>
        Check(TrySetTimes(directory, name, access, modify), "utimensat", name);

    /// <summary>openat(2) with O_CLOEXEC and O_NOFOLLOW. The process's umask applies to <paramref name="mode"/>.</summary>
    public static OwnedFd? TryOpen(SafeHandle? directory, KernelText name, OpenFlags flags, uint mode, out Errno errno)
    {
        using FdLease lease = new(directory);
        int value = (int)Openat2.Translate(flags | OpenFlags.O_CLOEXEC | OpenFlags.O_NOFOLLOW);
        fixed (byte* p = name)
        {
            int fd;
            do
            {
                fd = Libc.openat(lease.Fd, p, value, mode);
                errno = Result(fd);
            }
            while (errno == Errno.EINTR);

            return fd >= 0 ? new OwnedFd(fd) : null;
        }
    }

    /// <inheritdoc cref="TryOpen"/>
    public static OwnedFd Open(SafeHandle? directory, KernelText name, OpenFlags flags, uint mode = 0) =>
        TryOpen(directory, name, flags, mode, out Errno errno) ?? throw new SyscallException("openat", name.ToString(), errno);

    /// <summary>Makes a regular file that was not there (O_CREAT, O_EXCL, O_NOFOLLOW), open for reading and writing.</summary>
    public static OwnedFd Create(SafeHandle? directory, KernelText name, uint mode) =>
        Open(directory, name, OpenFlags.O_RDWR | OpenFlags.O_CREAT | OpenFlags.O_EXCL, mode);

    /// <summary>statx(2) of the name itself.</summary>
    public static Errno TryStatus(SafeHandle? directory, KernelText name, out FileStatus status) =>
        Statx(directory, name, Libc.AT_SYMLINK_NOFOLLOW, out status);

    /// <inheritdoc cref="TryStatus"/>
    public static FileStatus Status(SafeHandle? directory, KernelText name)
    {
        Check(TryStatus(directory, name, out FileStatus status), "statx", name);
        return status;
    }

    /// <summary>readlinkat(2).</summary>
    /// <returns>Bytes of the target, without NUL.</returns>
    public static byte[]? TryReadLink(SafeHandle? directory, KernelText name, out Errno errno)
    {
        const int Size = 4096;
        using FdLease lease = new(directory);
        byte* buffer = stackalloc byte[Size];
        fixed (byte* p = name)
        {
            nint length = Libc.readlinkat(lease.Fd, p, buffer, Size);
            errno = length >= Size ? Errno.ENAMETOOLONG : Result(length);
            return errno == Errno.None ? new ReadOnlySpan<byte>(buffer, (int)length).ToArray() : null;
        }
    }

    /// <inheritdoc cref="TryReadLink"/>
    public static string ReadLink(SafeHandle? directory, KernelText name) =>
        TryReadLink(directory, name, out Errno errno) is byte[] target
            ? Encoding.UTF8.GetString(target)
            : throw new SyscallException("readlinkat", name.ToString(), errno);

    internal static Errno Statx(SafeHandle? directory, KernelText name, int flags, out FileStatus status)
    {
        const uint BasicStatsAndMountId = 0x7FF | 0x1000;
        using FdLease lease = new(directory);
        Libc.StatxBuffer buffer = default;
        fixed (byte* p = name)
        {
            nint result = Libc.syscall(
                SyscallNumber.SYS_statx, lease.Fd, (nint)p, flags, (nint)BasicStatsAndMountId, (nint)(&buffer), 0);
            status = result == 0 ? FileStatus.From(buffer) : default;
            return Result(result);
        }
    }

    internal static Errno Result(nint value) => value < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;

    internal static void Check(Errno errno, string call, KernelText subject)
    {
        if (errno != Errno.None)
        {
            throw new SyscallException(call, subject.ToString(), errno);
        }
    }

    private static Errno Remove(SafeHandle? directory, KernelText name, int flags)
    {
        using FdLease lease = new(directory);
        fixed (byte* p = name)
        {
            return Result(Libc.unlinkat(lease.Fd, p, flags));
        }
    }
}

/// <summary>Flags of renameat2(2).</summary>
[Flags]
public enum RenameFlags
{
    None = 0,

    /// <summary>EEXIST instead of replacing the target.</summary>
    RENAME_NOREPLACE = 1,

    /// <summary>Both names exist and change places.</summary>
    RENAME_EXCHANGE = 2,
}
