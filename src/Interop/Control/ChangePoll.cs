// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Interop.Control;

/// <summary>poll(2) on one descriptor.</summary>
internal static unsafe class ChangePoll
{
    private const short POLLPRI = 2;

    /// <summary>Returns when the kernel announces a change of the file since it was read, or when the time is over.</summary>
    /// <param name="milliseconds">0 or greater.</param>
    internal static void Wait(SafeHandle file, int milliseconds)
    {
        using FdLease lease = new(file);
        Libc.PollFd entry = new() { Fd = lease.Fd, Events = POLLPRI };
        if (Libc.poll(&entry, 1, milliseconds) < 0)
        {
            Errno errno = (Errno)Marshal.GetLastPInvokeError();
            if (errno != Errno.EINTR)
            {
                throw new SyscallException("poll", "control file", errno);
            }
        }
    }
}
