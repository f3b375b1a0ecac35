// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Gantry.Interop.Events;

/// <summary>What epoll(7) watches a descriptor for, and what it reports.</summary>
[Flags]
public enum EpollEvents : uint
{
    None = 0,
    EPOLLIN = 0x001,
    EPOLLPRI = 0x002,
    EPOLLOUT = 0x004,

    /// <summary>Reported without being asked for.</summary>
    EPOLLERR = 0x008,

    /// <summary>Reported without being asked for.</summary>
    EPOLLHUP = 0x010,
    EPOLLRDHUP = 0x2000,
    EPOLLONESHOT = 1u << 30,
    EPOLLET = 1u << 31,
}

/// <summary>One ready descriptor.</summary>
/// <param name="Token">The number that was given with the descriptor.</param>
public readonly record struct EpollReady(EpollEvents Events, ulong Token);

/// <summary>An epoll(7) instance.</summary>
public sealed unsafe class Epoll : IDisposable
{
    private const int EPOLL_CLOEXEC = 0x80000;
    private const int EPOLL_CTL_ADD = 1;
    private const int EPOLL_CTL_DEL = 2;
    private const int EPOLL_CTL_MOD = 3;
    private const int MaxBatch = 64;

    // struct epoll_event is packed on x86-64 only.
    private static readonly int s_tokenOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int s_eventSize = s_tokenOffset + sizeof(ulong);

    private readonly OwnedFd _handle;

    public Epoll()
    {
        int fd = Libc.epoll_create1(EPOLL_CLOEXEC);
        _handle = fd >= 0 ? new OwnedFd(fd) : throw SyscallException.FromLastError("epoll_create1", "");
    }

    /// <param name="token">Comes back with each event.</param>
    /// <exception cref="SyscallException"><see cref="Errno.EPERM"/>: a regular file or directory; <see cref="Errno.EEXIST"/>.</exception>
    public void Add(SafeHandle handle, EpollEvents events, ulong token) => Control(EPOLL_CTL_ADD, handle, events, token);

    public void Modify(SafeHandle handle, EpollEvents events, ulong token) => Control(EPOLL_CTL_MOD, handle, events, token);

    /// <summary>Must come before the close: a copy of the descriptor elsewhere would keep the watch alive.</summary>
    public void Remove(SafeHandle handle) => Control(EPOLL_CTL_DEL, handle, EpollEvents.None, 0);

    /// <summary>Waits until something is ready.</summary>
    /// <param name="timeoutMilliseconds">-1 waits for ever, 0 only looks.</param>
    /// <returns>How many entries of <paramref name="ready"/> were filled; 0 after the time is over or a signal came.</returns>
    public int Wait(Span<EpollReady> ready, int timeoutMilliseconds)
    {
        int capacity = Math.Min(ready.Length, MaxBatch);
        byte* buffer = stackalloc byte[MaxBatch * (2 * sizeof(ulong))];
        using FdLease lease = new(_handle);
        int count = Libc.epoll_wait(lease.Fd, buffer, capacity, timeoutMilliseconds);
        if (count < 0)
        {
            Errno errno = (Errno)Marshal.GetLastPInvokeError();
            return errno == Errno.EINTR ? 0 : throw new SyscallException("epoll_wait", "", errno);
        }

        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = new(buffer + (i * s_eventSize), s_eventSize);
            ready[i] = new EpollReady(
                (EpollEvents)BinaryPrimitives.ReadUInt32LittleEndian(entry),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[s_tokenOffset..]));
        }

        return count;
    }

    public void Dispose() => _handle.Dispose();

    private void Control(int operation, SafeHandle handle, EpollEvents events, ulong token)
    {
        Span<byte> entry = stackalloc byte[2 * sizeof(ulong)];
        BinaryPrimitives.WriteUInt32LittleEndian(entry, (uint)events);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[s_tokenOffset..], token);
        using FdLease self = new(_handle);
        using FdLease target = new(handle);
        fixed (byte* p = entry)
        {
            if (Libc.epoll_ctl(self.Fd, operation, target.Fd, p) < 0)
            {
                throw SyscallException.FromLastError("epoll_ctl", $"operation {operation}");
            }
        }
    }
}
