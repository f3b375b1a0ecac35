// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Interop.Events;

/// <summary>read(2) and write(2) where errors are expected results: non-blocking pipes, terminals, full disks.</summary>
public static unsafe class ByteIo
{
    /// <summary>Reads once.</summary>
    /// <param name="errno"><see cref="Errno.None"/> unless the result is -1: <see cref="Errno.EAGAIN"/>, <see cref="Errno.EIO"/> (terminal without a process), …</param>
    /// <returns>Bytes read, 0 at the end, -1 on error.</returns>
    public static int Read(SafeHandle handle, Span<byte> buffer, out Errno errno)
    {
        using FdLease lease = new(handle);
        fixed (byte* p = buffer)
        {
            while (true)
            {
                nint count = Libc.read(lease.Fd, p, (nuint)buffer.Length);
                errno = count < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
                if (errno != Errno.EINTR)
                {
                    return (int)count;
                }
            }
        }
    }

    /// <summary>Writes once.</summary>
    /// <returns>Bytes written, perhaps fewer than given; -1 on error.</returns>
    public static int Write(SafeHandle handle, ReadOnlySpan<byte> bytes, out Errno errno)
    {
        using FdLease lease = new(handle);
        fixed (byte* p = bytes)
        {
            while (true)
            {
                nint count = Libc.write(lease.Fd, p, (nuint)bytes.Length);
                errno = count < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
                if (errno != Errno.EINTR)
                {
                    return (int)count;
                }
            }
        }
    }
}
