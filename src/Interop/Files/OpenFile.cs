// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using System.Text;

namespace Gantry.Interop.Files;

/// <summary>How flock(2) locks.</summary>
public enum FileLock
{
    Shared = 1,
    Exclusive = 2,
    Unlock = 8,
}

/// <summary>Calls on an open file or directory. Failures throw <see cref="SyscallException"/>.</summary>
public static unsafe class OpenFile
{
    private const int SeekData = 3;
    private const int SeekHole = 4;
    private const int LockNonBlocking = 4;
    private const int FallocKeepSizePunchHole = 1 | 2;

    /// <summary>The path under which the kernel reaches an open file again, whatever became of its name.</summary>
    /// <remarks>Valid in this process while <paramref name="file"/> stays open. Needs /proc.</remarks>
    public static string ProcPath(SafeHandle file) => $"/proc/self/fd/{(int)file.DangerousGetHandle()}";

    /// <summary>Opens again what <paramref name="file"/> (perhaps O_PATH) stands for, with other flags.</summary>
    public static OwnedFd Reopen(SafeHandle file, OpenFlags flags)
    {
        using FdLease lease = new(file);
        return Openat2.Open(null, $"/proc/self/fd/{lease.Fd}", flags, ResolveFlags.None);
    }

    /// <summary>statx(2) of the open file; O_PATH is enough.</summary>
    public static FileStatus Status(SafeHandle file)
    {
        Errno errno = At.Statx(file, KernelText.Empty, Libc.AT_EMPTY_PATH, out FileStatus status);
        return errno == Errno.None ? status : throw new SyscallException("statx", Subject(file), errno);
    }

    /// <summary>Target of a symbolic link opened with O_PATH and O_NOFOLLOW.</summary>
    public static string ReadLink(SafeHandle link) => At.ReadLink(link, "");

    /// <summary>As <see cref="ReadLink"/>, but the bytes as they are, with a NUL after them.</summary>
    public static byte[] ReadLinkTerminated(SafeHandle link)
    {
        byte[] target = At.TryReadLink(link, "", out Errno errno)
            ?? throw new SyscallException("readlinkat", Subject(link), errno);
        return [.. target, 0];
    }

    public static void Chown(SafeHandle file, uint uid, uint gid)
    {
        using FdLease lease = new(file);
        byte empty = 0;
        Check(Libc.fchownat(lease.Fd, &empty, uid, gid, Libc.AT_EMPTY_PATH), "fchownat", file);
    }

    /// <summary>fchmod(2); an O_PATH descriptor is changed through /proc.</summary>
    /// <param name="mode">0 to 0o7777.</param>
    public static void Chmod(SafeHandle file, uint mode)
    {
        using FdLease lease = new(file);
        int result = Libc.fchmod(lease.Fd, mode);
        if (result < 0 && Marshal.GetLastPInvokeError() == (int)Errno.EBADF)
        {
            fixed (byte* p = CString.Encode($"/proc/self/fd/{lease.Fd}"))
            {
                result = Libc.fchmodat(Libc.AT_FDCWD, p, mode, 0);
            }
        }

        Check(result, "fchmod", file);
    }

    /// <summary>futimens(3); for O_PATH utimensat(2) with AT_EMPTY_PATH (Linux 5.8).</summary>
    public static void SetTimes(SafeHandle file, FileTime access, FileTime modify)
    {
        using FdLease lease = new(file);
        Libc.FileTimeValue* times = stackalloc Libc.FileTimeValue[2] { access.Value, modify.Value };
        int result = Libc.futimens(lease.Fd, times);
        if (result < 0 && Marshal.GetLastPInvokeError() == (int)Errno.EBADF)
        {
            byte empty = 0;
            result = Libc.utimensat(lease.Fd, &empty, times, Libc.AT_EMPTY_PATH);
        }

        Check(result, "utimensat", file);
    }

    /// <summary>read(2) at the descriptor's own position; EINTR is retried.</summary>
    /// <returns>Bytes read; 0 at the end.</returns>
    public static int Read(SafeHandle file, Span<byte> buffer)
    {
        using FdLease lease = new(file);
        fixed (byte* p = buffer)
        {
            nint count;
            do
            {
                count = Libc.read(lease.Fd, p, (nuint)buffer.Length);
            }
            while (Interrupted(count));

            Check(count, "read", file);
            return (int)count;
        }
    }

    /// <summary>Writes all bytes at the descriptor's own position; short writes and EINTR go on.</summary>
    public static void Write(SafeHandle file, ReadOnlySpan<byte> bytes)
    {
        using FdLease lease = new(file);
        fixed (byte* p = bytes)
        {
            for (nint done = 0; done < bytes.Length;)
            {
                nint count = Libc.write(lease.Fd, p + done, (nuint)(bytes.Length - done));
                if (!Interrupted(count))
                {
                    Check(count, "write", file);
                    done += count;
                }
            }
        }
    }

    /// <summary>pread(2).</summary>
    /// <returns>Bytes read; 0 at the end.</returns>
    public static int ReadAt(SafeHandle file, Span<byte> buffer, long offset)
    {
        using FdLease lease = new(file);
        fixed (byte* p = buffer)
        {
            nint count;
            do
            {
                count = Libc.pread(lease.Fd, p, (nuint)buffer.Length, offset);
            }
            while (Interrupted(count));

            Check(count, "pread", file);
            return (int)count;
        }
    }

    /// <summary>pwrite(2) until all bytes are written.</summary>
    public static void WriteAt(SafeHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        using FdLease lease = new(file);
        fixed (byte* p = bytes)
        {
            for (nint done = 0; done < bytes.Length;)
            {
                nint count = Libc.pwrite(lease.Fd, p + done, (nuint)(bytes.Length - done), offset + done);
                if (!Interrupted(count))
                {
                    Check(count, "pwrite", file);
                    done += count;
                }
            }
        }
    }

    /// <summary>Reads from the descriptor's position to the end, at most <paramref name="maximumBytes"/>.</summary>
    /// <exception cref="FileRefusedException">There is more than that.</exception>
    public static byte[] ReadToEnd(SafeHandle file, int maximumBytes, string subject)
    {
        byte[] buffer = new byte[(int)Math.Min(4096L, maximumBytes + 1L)];
        int length = 0;
        while (true)
        {
            int count = Read(file, buffer.AsSpan(length));
            length += count;
            if (length > maximumBytes)
            {
                throw FileRefusedException.TooLarge(subject, length, maximumBytes);
            }

            if (count == 0)
            {
                return buffer.AsSpan(0, length).ToArray();
            }

            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, (int)Math.Min(buffer.Length * 4L, maximumBytes + 1L));
            }
        }
    }

    /// <summary>ftruncate(2): growing leaves a hole.</summary>
    public static void SetLength(SafeHandle file, long length)
    {
        using FdLease lease = new(file);
        Check(Libc.ftruncate(lease.Fd, length), "ftruncate", file);
    }

    /// <summary>fallocate(2): gives the space of a range back; the length stays.</summary>
    public static void PunchHole(SafeHandle file, long offset, long length)
    {
        using FdLease lease = new(file);
        Check(Libc.fallocate(lease.Fd, FallocKeepSizePunchHole, offset, length), "fallocate", file);
    }

    /// <summary>lseek(2) to an absolute position.</summary>
    public static void Seek(SafeHandle file, long offset)
    {
        using FdLease lease = new(file);
        Check((nint)Libc.lseek(lease.Fd, offset, 0), "lseek", file);
    }

    /// <summary>The next range of data at or after <paramref name="offset"/>; <see langword="null"/> when only a hole is left.</summary>
    /// <remarks>The descriptor's position is changed. A file system without holes reports all as data.</remarks>
    public static (long Start, long End)? NextData(SafeHandle file, long offset)
    {
        using FdLease lease = new(file);
        long start = Libc.lseek(lease.Fd, offset, SeekData);
        if (start < 0 && Marshal.GetLastPInvokeError() == (int)Errno.ENXIO)
        {
            return null;
        }

        Check((nint)start, "lseek", file);
        long end = Libc.lseek(lease.Fd, start, SeekHole);
        Check((nint)end, "lseek", file);
        return (start, end);
    }

    /// <summary>copy_file_range(2), one call.</summary>
    /// <returns>Bytes copied; 0 at the end of the source.</returns>
    public static long TryCopyRange(SafeHandle from, long fromOffset, SafeHandle to, long toOffset, long length, out Errno errno)
    {
        using FdLease source = new(from);
        using FdLease target = new(to);
        nint count = Libc.syscall(
            SyscallNumber.SYS_copy_file_range, source.Fd, (nint)(&fromOffset), target.Fd, (nint)(&toOffset), (nint)length, 0);
        errno = At.Result(count);
        return Math.Max(0, (long)count);
    }

    /// <summary>A further descriptor for an inherited one such as standard output, numbered 3 or higher.</summary>
    /// <param name="fd">0, 1 or 2 usually; it stays open.</param>
    public static OwnedFd DuplicateAbove(int fd)
    {
        const int F_DUPFD_CLOEXEC = 1030;
        int copy = Libc.fcntl(fd, F_DUPFD_CLOEXEC, 3);
        return copy >= 0 ? new OwnedFd(copy) : throw SyscallException.FromLastError("fcntl", $"F_DUPFD_CLOEXEC {fd}");
    }

    public static void Sync(SafeHandle file)
    {
        using FdLease lease = new(file);
        Check(Libc.fsync(lease.Fd), "fsync", file);
    }

    public static void SyncData(SafeHandle file)
    {
        using FdLease lease = new(file);
        Check(Libc.fdatasync(lease.Fd), "fdatasync", file);
    }

    /// <summary>syncfs(2): everything of the file system that holds <paramref name="file"/> (not O_PATH).</summary>
    public static void SyncFileSystem(SafeHandle file)
    {
        using FdLease lease = new(file);
        Check(Libc.syncfs(lease.Fd), "syncfs", file);
    }

    /// <summary>flock(2) without waiting. The lock belongs to the open file description: copies of the descriptor share it.</summary>
    /// <returns><see langword="false"/>: somebody else holds it.</returns>
    public static bool TryLock(SafeHandle file, FileLock kind)
    {
        using FdLease lease = new(file);
        int result = Libc.flock(lease.Fd, (int)kind | LockNonBlocking);
        if (result < 0 && Marshal.GetLastPInvokeError() == (int)Errno.EAGAIN)
        {
            return false;
        }

        Check(result, "flock", file);
        return true;
    }

    /// <summary>fstatfs(2).</summary>
    public static FileSystemStatus FileSystem(SafeHandle file)
    {
        using FdLease lease = new(file);
        Libc.StatFsBuffer buffer;
        Check(Libc.fstatfs(lease.Fd, &buffer), "fstatfs", file);
        return FileSystemStatus.From(buffer);
    }

    internal static string Subject(SafeHandle file)
    {
        using FdLease lease = new(file);
        byte[]? target = At.TryReadLink(null, $"/proc/self/fd/{lease.Fd}", out _);
        return target is null ? $"fd {lease.Fd}" : Encoding.UTF8.GetString(target);
    }

    private static bool Interrupted(nint result) =>
        result < 0 && Marshal.GetLastPInvokeError() == (int)Errno.EINTR;

    private static void Check(nint result, string call, SafeHandle file)
    {
        if (result < 0)
        {
            Errno errno = (Errno)Marshal.GetLastPInvokeError();
            throw new SyscallException(call, Subject(file), errno);
        }
    }
}

/// <summary>Space and inodes of a file system, and what it is.</summary>
public readonly record struct FileSystemStatus
{
    /// <summary>Magic number, such as 0xEF53 for ext4 (statfs(2)).</summary>
    public long Type { get; init; }

    /// <summary>All space, in bytes.</summary>
    public long TotalBytes { get; init; }

    /// <summary>Bytes that an ordinary user may still take.</summary>
    public long AvailableBytes { get; init; }

    /// <summary>0: the file system makes inodes as needed.</summary>
    public long TotalInodes { get; init; }

    public long FreeInodes { get; init; }

    internal static FileSystemStatus From(in Libc.StatFsBuffer s)
    {
        long unit = s.FragmentSize > 0 ? s.FragmentSize : s.BlockSize;
        return new FileSystemStatus
        {
            Type = s.Type,
            TotalBytes = (long)s.Blocks * unit,
            AvailableBytes = (long)s.AvailableBlocks * unit,
            TotalInodes = (long)s.Files,
            FreeInodes = (long)s.FreeFiles,
        };
    }
}

/// <summary>A file is there but not what may be read: no regular file, or larger than the caller accepts.</summary>
public sealed class FileRefusedException : IOException
{
    public FileRefusedException(string message)
        : base(message)
    {
    }

    internal static FileRefusedException TooLarge(string subject, long size, long maximum) =>
        new($"file \"{subject}\": {size} bytes or more, at most {maximum} are read");

    internal static FileRefusedException NotRegular(string subject, FileType type) =>
        new($"file \"{subject}\": is a {type}, only a regular file is read");
}
