// SPDX-License-Identifier: Apache-2.0
using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using Gantry.Interop.Files;

namespace Gantry.Interop.Control;

/// <summary>A directory of kernel control files, such as a cgroup. Names are taken below it and follow no link.</summary>
public sealed unsafe class ControlDirectory : IDisposable
{
    /// <summary>No control file is longer; <c>cgroup.procs</c> of four million processes is not.</summary>
    private const int MaxFileBytes = 32 << 20;

    private const int FirstReadBytes = 4096;
    private const int AT_REMOVEDIR = 0x200;
    private const uint DirectoryMode = 0x1ed; // 0755
    private const ResolveFlags Below =
        ResolveFlags.RESOLVE_BENEATH | ResolveFlags.RESOLVE_NO_SYMLINKS | ResolveFlags.RESOLVE_NO_MAGICLINKS;

    private ControlDirectory(string path, OwnedFd handle)
    {
        Path = path;
        Handle = handle;
    }

    /// <summary>For messages.</summary>
    public string Path { get; }

    /// <summary>O_PATH descriptor, owned by this object.</summary>
    public OwnedFd Handle { get; }

    /// <summary>Opens a directory that the node's own configuration names, links followed.</summary>
    public static ControlDirectory Open(string path) =>
        new(path, Openat2.Open(null, path, OpenFlags.O_PATH | OpenFlags.O_DIRECTORY, ResolveFlags.None));

    /// <summary>A directory below this one.</summary>
    /// <returns><see langword="null"/>: there is none.</returns>
    public ControlDirectory? TryOpenDirectory(string relativePath)
    {
        OwnedFd? handle = TryOpen(relativePath, OpenFlags.O_PATH | OpenFlags.O_DIRECTORY, out Errno errno);
        return handle is not null ? new ControlDirectory(Sub(relativePath), handle)
            : IsAbsent(errno) ? null
            : throw new SyscallException("openat2", Sub(relativePath), errno);
    }

    /// <summary>Reads a whole control file.</summary>
    /// <returns><see langword="null"/>: no such file, the directory was removed, or it cannot be read in this state (EOPNOTSUPP).</returns>
    /// <exception cref="SyscallException">Any other error; <see cref="Errno.EFBIG"/>: longer than 32 MiB.</exception>
    public string? TryRead(string name)
    {
        using OwnedFd? file = TryOpen(name, OpenFlags.O_RDONLY, out Errno errno);
        if (file is not null)
        {
            return ReadAll(file, name);
        }

        return IsAbsent(errno) ? null : throw new SyscallException("openat2", Sub(name), errno);
    }

    /// <exception cref="SyscallException"><see cref="Errno.ENOENT"/>: no such file, or the directory was removed.</exception>
    public string Read(string name) => TryRead(name) ?? throw new SyscallException("openat2", Sub(name), Errno.ENOENT);

    /// <summary>Writes with one call, as control files demand.</summary>
    public void Write(string name, string text)
    {
        Errno errno = TryWrite(name, text);
        if (errno != Errno.None)
        {
            throw new SyscallException("write", $"{Sub(name)}, '{text}'", errno);
        }
    }

    /// <summary>As <see cref="Write"/>, but an error is a result.</summary>
    public Errno TryWrite(string name, string text)
    {
        using OwnedFd? file = TryOpen(name, OpenFlags.O_WRONLY, out Errno errno);
        if (file is null)
        {
            return errno;
        }

        byte[] bytes = Encoding.UTF8.GetBytes(text);
        using FdLease lease = new(file);
        fixed (byte* p = bytes)
        {
            while (Libc.write(lease.Fd, p, (nuint)bytes.Length) < 0)
            {
                errno = (Errno)Marshal.GetLastPInvokeError();
                if (errno != Errno.EINTR)
                {
                    return errno;
                }
            }
        }

        return Errno.None;
    }

    /// <summary>Opens a control file for a caller who keeps it.</summary>
    public OwnedFd OpenFile(string name, OpenFlags flags) =>
        TryOpen(name, flags, out Errno errno) ?? throw new SyscallException("openat2", Sub(name), errno);

    /// <returns><see langword="false"/>: it is there already.</returns>
    public bool MakeDirectory(string name)
    {
        Errno errno = CallWithName(SyscallNumber.SYS_mkdirat, name, (nint)DirectoryMode);
        return errno switch
        {
            Errno.None => true,
            Errno.EEXIST => false,
            _ => throw new SyscallException("mkdirat", Sub(name), errno),
        };
    }

    /// <summary>rmdir: a cgroup goes although it holds control files.</summary>
    public Errno TryRemoveDirectory(string name) => CallWithName(SyscallNumber.SYS_unlinkat, name, AT_REMOVEDIR);

    /// <summary>Names of the directories in this one.</summary>
    public IReadOnlyList<string> ReadSubdirectories()
    {
        using OwnedFd? listing = TryOpen(".", OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY, out Errno errno);
        return listing is not null ? DirectoryListing.Subdirectories(listing, Path)
            : IsAbsent(errno) ? []
            : throw new SyscallException("openat2", Path, errno);
    }

    /// <summary>Waits until a file's content satisfies <paramref name="condition"/>; the kernel announces its changes (POLLPRI).</summary>
    /// <returns><see langword="false"/>: the time is over. A removed file satisfies everything.</returns>
    public bool WaitFor(string name, Func<string, bool> condition, TimeSpan timeout)
    {
        using OwnedFd? file = TryOpen(name, OpenFlags.O_RDONLY, out Errno errno);
        if (file is null)
        {
            return IsAbsent(errno) ? true : throw new SyscallException("openat2", Sub(name), errno);
        }

        long deadline = Environment.TickCount64 + (long)Math.Ceiling(timeout.TotalMilliseconds);
        while (true)
        {
            string? text = ReadAll(file, name);
            if (text is null || condition(text))
            {
                return true;
            }

            long left = deadline - Environment.TickCount64;
            if (left <= 0)
            {
                return false;
            }

            ChangePoll.Wait(file, (int)Math.Min(left, int.MaxValue));
        }
    }

    public void Dispose() => Handle.Dispose();

    /// <summary>The directory that the error speaks of does not exist any more.</summary>
    public static bool IsGone(Errno errno) => errno is Errno.ENOENT or Errno.ENODEV;

    internal static bool IsAbsent(Errno errno) => errno is Errno.ENOENT or Errno.ENODEV or Errno.EOPNOTSUPP;

    private string Sub(string name) => $"{Path}/{name}";

    private OwnedFd? TryOpen(string name, OpenFlags flags, out Errno errno) =>
        Openat2.TryOpen(Handle, name, flags, Below, out errno);

    private string? ReadAll(OwnedFd file, string name)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(FirstReadBytes);
        try
        {
            int length = 0;
            while (true)
            {
                if (length == buffer.Length)
                {
                    buffer = Grow(buffer, name);
                }

                Errno errno = ReadAt(file, buffer, length, out int count);
                if (errno != Errno.None)
                {
                    return IsAbsent(errno) ? null : throw new SyscallException("read", Sub(name), errno);
                }

                if (count == 0)
                {
                    return Encoding.UTF8.GetString(buffer, 0, length);
                }

                length += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private byte[] Grow(byte[] buffer, string name)
    {
        if (buffer.Length >= MaxFileBytes)
        {
            throw new SyscallException("read", Sub(name), Errno.EFBIG);
        }

        byte[] larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    private static Errno ReadAt(OwnedFd file, byte[] buffer, int offset, out int count)
    {
        using FdLease lease = new(file);
        fixed (byte* p = buffer)
        {
            while (true)
            {
                nint n = Libc.syscall(
                    SyscallNumber.SYS_pread64, lease.Fd, (nint)(p + offset), buffer.Length - offset, offset, 0, 0);
                count = (int)n;
                if (n >= 0)
                {
                    return Errno.None;
                }

                Errno errno = (Errno)Marshal.GetLastPInvokeError();
                if (errno != Errno.EINTR)
                {
                    return errno;
                }
            }
        }
    }

    private Errno CallWithName(int number, string name, nint argument)
    {
        using FdLease lease = new(Handle);
        fixed (byte* p = CString.Encode(name))
        {
            return Libc.syscall(number, lease.Fd, (nint)p, argument, 0, 0, 0) < 0
                ? (Errno)Marshal.GetLastPInvokeError()
                : Errno.None;
        }
    }
}
