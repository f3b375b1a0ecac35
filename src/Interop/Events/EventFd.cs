// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Interop.Events;

/// <summary>eventfd(2): a counter that wakes who polls it. Non-blocking.</summary>
public sealed unsafe class EventFd : IDisposable
{
    private const int EFD_CLOEXEC = 0x80000;
    private const int EFD_NONBLOCK = 0x800;

    public EventFd()
    {
        int fd = Libc.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        Handle = fd >= 0 ? new OwnedFd(fd) : throw SyscallException.FromLastError("eventfd", "");
    }

    /// <summary>To poll for EPOLLIN or to hand to the kernel (memory events of cgroup v1).</summary>
    public OwnedFd Handle { get; }

    /// <summary>Adds one. From any thread.</summary>
    public void Signal()
    {
        ulong one = 1;
        using FdLease lease = new(Handle);
        _ = Libc.write(lease.Fd, &one, sizeof(ulong)); // fails only when the counter is full, which wakes as well
    }

    /// <summary>Takes the count and sets it to zero.</summary>
    /// <returns>0: nothing was signalled since.</returns>
    public ulong Take()
    {
        ulong value = 0;
        using FdLease lease = new(Handle);
        return Libc.read(lease.Fd, &value, sizeof(ulong)) == sizeof(ulong) ? value : 0;
    }

    public void Dispose() => Handle.Dispose();
}
