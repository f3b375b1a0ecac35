// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Interop.Files;

/// <summary>The flags that chattr(1) sets (ioctl_iflags(2)): a privileged container may leave them behind.</summary>
internal static unsafe class InodeFlags
{
    private const nuint GetFlags = 0x80086601;
    private const nuint SetFlags = 0x40086602;
    private const int Append = 0x20;
    private const int Immutable = 0x10;

    /// <summary>Takes immutable and append-only from a directory and from a name in it.</summary>
    /// <returns><see langword="true"/>: there was something to take, try again.</returns>
    internal static bool ClearImmutable(SafeHandle directory, KernelText name)
    {
        bool cleared = Clear(directory);

        // Only these two kinds carry the flags, and opening others could block or act on a device.
        if (At.TryStatus(directory, name, out FileStatus status) == Errno.None &&
            status.Type is FileType.Regular or FileType.Directory)
        {
            using OwnedFd? file = At.TryOpen(directory, name, OpenFlags.O_RDONLY | OpenFlags.O_NONBLOCK, 0, out _);
            cleared |= file is not null && Clear(file);
        }

        return cleared;
    }

    private static bool Clear(SafeHandle file)
    {
        using FdLease lease = new(file);
        int flags = 0;
        if (Libc.ioctl(lease.Fd, GetFlags, (nint)(&flags)) < 0 || (flags & (Append | Immutable)) == 0)
        {
            return false;
        }

        flags &= ~(Append | Immutable);
        return Libc.ioctl(lease.Fd, SetFlags, (nint)(&flags)) == 0;
    }
}
