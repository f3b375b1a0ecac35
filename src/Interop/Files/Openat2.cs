// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using System.Text;

namespace Gantry.Interop.Files;

/// <summary>Flags of open(2), x86-64 and arm64 differences resolved at run time by the kernel ABI (asm/fcntl.h).</summary>
[Flags]
public enum OpenFlags : ulong
{
    O_RDONLY = 0,
    O_WRONLY = 1,
    O_RDWR = 2,
    O_CREAT = 0x40,
    O_EXCL = 0x80,
    O_NOCTTY = 0x100,
    O_TRUNC = 0x200,
    O_APPEND = 0x400,
    O_NONBLOCK = 0x800,
    O_CLOEXEC = 0x80000,
    O_PATH = 0x200000,

    /// <summary>x86-64 value; translated on arm64 (0x4000).</summary>
    O_DIRECTORY = 0x10000,

    /// <summary>x86-64 value; translated on arm64 (0x8000).</summary>
    O_NOFOLLOW = 0x20000,
}

/// <summary>How openat2(2) resolves a path.</summary>
[Flags]
public enum ResolveFlags : ulong
{
    None = 0,
    RESOLVE_NO_XDEV = 0x01,
    RESOLVE_NO_MAGICLINKS = 0x02,
    RESOLVE_NO_SYMLINKS = 0x04,
    RESOLVE_BENEATH = 0x08,
    RESOLVE_IN_ROOT = 0x10,
}

/// <summary>openat2(2), Linux 5.6: the only way in which this project opens a path that somebody else controls.</summary>
public static unsafe class Openat2
{
    // Somebody who renames all the time must not keep us here for ever.
    private const int MaximumRaces = 1000;
    private const OpenFlags X64Directory = OpenFlags.O_DIRECTORY;
    private const OpenFlags X64NoFollow = OpenFlags.O_NOFOLLOW;
    private static readonly bool s_arm64 = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    /// <summary>Opens <paramref name="path"/> below <paramref name="directory"/>. O_CLOEXEC is always set.</summary>
    /// <param name="directory">Where the path starts (and ends, with RESOLVE_IN_ROOT); <see langword="null"/> is the working directory.</param>
    /// <param name="mode">Permission bits for O_CREAT, otherwise 0.</param>
    /// <exception cref="SyscallException">As the manual says; EAGAIN (a rename raced with the walk) was retried.</exception>
    public static OwnedFd Open(SafeHandle? directory, KernelText path, OpenFlags flags, ResolveFlags resolve, uint mode = 0)
    {
        int fd = TryOpen(directory, path, flags, resolve, mode, out Errno errno);
        return fd >= 0 ? new OwnedFd(fd) : throw new SyscallException("openat2", path.ToString(), errno);
    }

    /// <summary>As <see cref="Open"/>, but an error is a result: <see langword="null"/> and its number.</summary>
    public static OwnedFd? TryOpen(SafeHandle? directory, KernelText path, OpenFlags flags, ResolveFlags resolve, out Errno errno)
    {
        int fd = TryOpen(directory, path, flags, resolve, 0, out errno);
        return fd >= 0 ? new OwnedFd(fd) : null;
    }

    /// <summary>The value that the running architecture gives to flags written as on x86-64.</summary>
    public static ulong Translate(OpenFlags flags)
    {
        if (!s_arm64)
        {
            return (ulong)flags;
        }

        ulong value = (ulong)(flags & ~(X64Directory | X64NoFollow));
        value |= (flags & X64Directory) != 0 ? 0x4000UL : 0;
        return value | ((flags & X64NoFollow) != 0 ? 0x8000UL : 0);
    }

    private static int TryOpen(
        SafeHandle? directory, KernelText path, OpenFlags flags, ResolveFlags resolve, uint mode, out Errno errno)
    {
        OpenHow how = new()
        {
            Flags = Translate(flags | OpenFlags.O_CLOEXEC),
            Mode = mode,
            Resolve = (ulong)resolve,
        };
        using FdLease lease = new(directory);
        fixed (byte* p = path)
        {
            for (int retries = 0; ; retries++)
            {
                nint fd = Libc.syscall(SyscallNumber.SYS_openat2, lease.Fd, (nint)p, (nint)(&how), sizeof(OpenHow), 0, 0);
                errno = fd < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
                bool raced = errno == Errno.EAGAIN && resolve != ResolveFlags.None && retries < MaximumRaces;
                if (errno != Errno.EINTR && !raced)
                {
                    return (int)fd;
                }
            }
        }
    }

    /// <summary>struct open_how of linux/openat2.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }
}

/// <summary>Zero-terminated UTF-8 for the kernel.</summary>
internal static class CString
{
    /// <exception cref="ArgumentException">The text holds a NUL, which would end it early.</exception>
    internal static byte[] Encode(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("text for the kernel: no NUL character", nameof(text));
        }

        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }
}
