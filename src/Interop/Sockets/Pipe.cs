// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Interop.Sockets;

/// <summary>Anonymous pipes: pipe(7). Close-on-exec.</summary>
public static unsafe class Pipe
{
    private const int O_CLOEXEC = 0x80000;
    private const int O_NONBLOCK = 0x800;
    private const int F_GETFL = 3;
    private const int F_SETFL = 4;
    private const int F_SETPIPE_SZ = 1031;

    /// <summary>A new pipe; both ends block until <see cref="SetNonBlocking"/>.</summary>
    public static (SafeFileHandle Reader, SafeFileHandle Writer) Create()
    {
        int* pair = stackalloc int[2];
        return Libc.pipe2(pair, O_CLOEXEC) == 0
            ? (new SafeFileHandle(pair[0], ownsHandle: true), new SafeFileHandle(pair[1], ownsHandle: true))
            : throw SyscallException.FromLastError("pipe2", "");
    }

    /// <summary>Asks for a larger (or smaller) pipe.</summary>
    /// <param name="bytes">The kernel rounds up to a power of two of pages.</param>
    /// <returns><see langword="false"/>: a limit of the user forbids it; the pipe stays as it was.</returns>
    public static bool TrySetCapacity(SafeHandle end, int bytes)
    {
        using FdLease lease = new(end);
        return Libc.fcntl(lease.Fd, F_SETPIPE_SZ, bytes) >= 0;
    }

    /// <summary>Reads and writes of this open file description no longer wait. Descriptors elsewhere that share it are affected too.</summary>
    public static void SetNonBlocking(SafeHandle handle)
    {
        using FdLease lease = new(handle);
        int flags = Libc.fcntl(lease.Fd, F_GETFL, 0);
        if (flags < 0 || Libc.fcntl(lease.Fd, F_SETFL, flags | O_NONBLOCK) < 0)
        {
            throw SyscallException.FromLastError("fcntl", "O_NONBLOCK");
        }
    }
}
