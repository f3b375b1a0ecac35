// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Interop.Processes;

/// <summary>flock(2): a lock that ends with the process, so it tells whether its owner lives.</summary>
public static class FileLock
{
    private const int LOCK_EX = 2;
    private const int LOCK_NB = 4;

    /// <summary>Takes the exclusive lock of an open file, without waiting. Closing the last descriptor frees it.</summary>
    /// <returns><see langword="false"/>: another open file description holds it.</returns>
    public static bool TryTakeExclusive(SafeHandle file)
    {
        using FdLease lease = new(file);
        while (Libc.flock(lease.Fd, LOCK_EX | LOCK_NB) < 0)
        {
            Errno errno = (Errno)Marshal.GetLastPInvokeError();
            if (errno == Errno.EAGAIN)
            {
                return false;
            }

            if (errno != Errno.EINTR)
            {
                throw new SyscallException("flock", "LOCK_EX", errno);
            }
        }

        return true;
    }
}
