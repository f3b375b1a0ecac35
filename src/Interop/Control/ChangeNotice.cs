// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop.Files;

namespace Gantry.Interop.Control;

/// <summary>Descriptors that become readable when something changes: eventfd(2) and inotify(7).</summary>
public static unsafe class ChangeNotice
{
    private const int EFD_CLOEXEC = 0x80000;
    private const int EFD_NONBLOCK = 0x800;
    private const int IN_MODIFY = 0x2;
    private const int IN_DELETE_SELF = 0x400;
    private const int DrainBytes = 4096;

    /// <summary>A counter at zero, close-on-exec and non-blocking.</summary>
    public static OwnedFd OpenCounter()
    {
        nint fd = Libc.syscall(SyscallNumber.SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK, 0, 0, 0, 0);
        return fd >= 0 ? new OwnedFd((int)fd) : throw SyscallException.FromLastError("eventfd2", "counter");
    }

    /// <summary>Becomes readable when the kernel announces a change of a control file. The removal of its directory may go unannounced.</summary>
    public static OwnedFd OpenWatch(ControlDirectory directory, string name)
    {
        nint fd = Libc.syscall(SyscallNumber.SYS_inotify_init1, EFD_CLOEXEC | EFD_NONBLOCK, 0, 0, 0, 0, 0);
        if (fd < 0)
        {
            throw SyscallException.FromLastError("inotify_init1", name);
        }

        OwnedFd watch = new((int)fd);
        try
        {
            AddWatch(watch, directory, name);
            return watch;
        }
        catch
        {
            watch.Dispose();
            throw;
        }
    }

    /// <summary>Takes everything that is there to read.</summary>
    /// <returns><see langword="true"/>: there was something.</returns>
    public static bool Drain(SafeHandle descriptor)
    {
        using FdLease lease = new(descriptor);
        byte* buffer = stackalloc byte[DrainBytes];
        bool any = false;
        while (true)
        {
            nint count = Libc.read(lease.Fd, buffer, DrainBytes);
            if (count >= 0)
            {
                any |= count > 0;
                if (count == 0)
                {
                    return any;
                }

                continue;
            }

            Errno errno = (Errno)Marshal.GetLastPInvokeError();
            switch (errno)
            {
                case Errno.EINTR:
                    continue;
                case Errno.EAGAIN:
                    return any;
                default:
                    throw new SyscallException("read", "event descriptor", errno);
            }
        }
    }

    private static void AddWatch(OwnedFd watch, ControlDirectory directory, string name)
    {
        using FdLease lease = new(watch);
        using FdLease parent = new(directory.Handle);
        fixed (byte* path = CString.Encode($"/proc/self/fd/{parent.Fd}/{name}"))
        {
            if (Libc.syscall(SyscallNumber.SYS_inotify_add_watch, lease.Fd, (nint)path, IN_MODIFY | IN_DELETE_SELF, 0, 0, 0) < 0)
            {
                throw SyscallException.FromLastError("inotify_add_watch", $"{directory.Path}/{name}");
            }
        }
    }
}
