// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Interop.Sockets;

/// <summary>Bytes with descriptors over a unix stream socket: sendmsg(2), recvmsg(2), SCM_RIGHTS. Never blocks.</summary>
public static unsafe class UnixMessages
{
    /// <summary>Descriptors that one message may carry here. The kernel's own limit is 253.</summary>
    public const int MaxDescriptors = 16;

    /// <summary>Result when the socket is full (send) or empty (receive).</summary>
    public const int WouldBlock = -1;

    private const int SOL_SOCKET = 1;
    private const int SCM_RIGHTS = 1;
    private const int MSG_DONTWAIT = 0x40;
    private const int MSG_NOSIGNAL = 0x4000;
    private const int MSG_CMSG_CLOEXEC = 0x40000000;
    private const int HeaderSize = 16; // sizeof(struct cmsghdr) on 64-bit Linux
    private const int ControlSize = HeaderSize + (MaxDescriptors * sizeof(int));

    /// <summary>Sends bytes; the descriptors go with the first of them.</summary>
    /// <param name="descriptors">At most <see cref="MaxDescriptors"/>; they stay the caller's. Needs at least one byte.</param>
    /// <returns>Bytes sent, or <see cref="WouldBlock"/> (then no descriptor was sent either).</returns>
    /// <exception cref="SyscallException"><see cref="Errno.EPIPE"/>, <see cref="Errno.ECONNRESET"/>: the peer is gone.</exception>
    public static int Send(SafeHandle socket, ReadOnlySpan<byte> bytes, ReadOnlySpan<SafeHandle> descriptors)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(descriptors.Length, MaxDescriptors);
        ArgumentOutOfRangeException.ThrowIfZero(bytes.Length);
        byte* control = stackalloc byte[ControlSize];
        fixed (byte* p = bytes)
        {
            Libc.IoVector vector = new() { Base = p, Length = (nuint)bytes.Length };
            Libc.MessageHeader message = new() { Vectors = &vector, VectorCount = 1 };
            int held = 0;
            try
            {
                for (; held < descriptors.Length; held++)
                {
                    bool added = false;
                    descriptors[held].DangerousAddRef(ref added);
                    ((int*)(control + HeaderSize))[held] = (int)descriptors[held].DangerousGetHandle();
                }

                SetControl(&message, control, held);
                return Send(socket, &message);
            }
            finally
            {
                while (held > 0)
                {
                    descriptors[--held].DangerousRelease();
                }
            }
        }
    }

    /// <summary>Receives bytes and the descriptors that came with them.</summary>
    /// <param name="descriptors">Gets what arrived: owned, close-on-exec. Those beyond the limit were closed by the kernel.</param>
    /// <param name="truncated">More than <see cref="MaxDescriptors"/> were sent.</param>
    /// <returns>Bytes received, 0 at the end of the stream, or <see cref="WouldBlock"/>.</returns>
    /// <exception cref="SyscallException"><see cref="Errno.ECONNRESET"/>.</exception>
    /// <remarks>The kernel ends a read after the bytes that came with descriptors: they belong to the last message begun in it.</remarks>
    public static int Receive(SafeHandle socket, Span<byte> buffer, ICollection<OwnedFd> descriptors, out bool truncated)
    {
        const int MSG_CTRUNC = 8;
        byte* control = stackalloc byte[ControlSize];
        fixed (byte* p = buffer)
        {
            Libc.IoVector vector = new() { Base = p, Length = (nuint)buffer.Length };
            Libc.MessageHeader message = new()
            {
                Vectors = &vector, VectorCount = 1, Control = control, ControlLength = ControlSize,
            };
            using FdLease lease = new(socket);
            nint count;
            while ((count = Libc.recvmsg(lease.Fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC)) < 0)
            {
                Errno errno = (Errno)Marshal.GetLastPInvokeError();
                if (errno == Errno.EAGAIN)
                {
                    truncated = false;
                    return WouldBlock;
                }

                if (errno != Errno.EINTR)
                {
                    throw new SyscallException("recvmsg", "unix socket", errno);
                }
            }

            truncated = (message.Flags & MSG_CTRUNC) != 0;
            TakeDescriptors(control, (int)message.ControlLength, descriptors);
            return (int)count;
        }
    }

    private static void SetControl(Libc.MessageHeader* message, byte* control, int count)
    {
        if (count > 0)
        {
            int length = HeaderSize + (count * sizeof(int));
            *(Libc.ControlHeader*)control = new() { Length = (nuint)length, Level = SOL_SOCKET, Type = SCM_RIGHTS };
            message->Control = control;
            message->ControlLength = (nuint)length;
        }
    }

    private static int Send(SafeHandle socket, Libc.MessageHeader* message)
    {
        using FdLease lease = new(socket);
        nint count;
        while ((count = Libc.sendmsg(lease.Fd, message, MSG_DONTWAIT | MSG_NOSIGNAL)) < 0)
        {
            Errno errno = (Errno)Marshal.GetLastPInvokeError();
            if (errno == Errno.EAGAIN)
            {
                return WouldBlock;
            }

            if (errno != Errno.EINTR)
            {
                throw new SyscallException("sendmsg", "unix socket", errno);
            }
        }

        return (int)count;
    }

    // One header at most: a unix stream socket merges all descriptors of a message, and we ask for no credentials.
    private static void TakeDescriptors(byte* control, int length, ICollection<OwnedFd> descriptors)
    {
        Libc.ControlHeader* header = (Libc.ControlHeader*)control;
        if (length < HeaderSize || header->Level != SOL_SOCKET || header->Type != SCM_RIGHTS)
        {
            return;
        }

        int count = ((int)header->Length - HeaderSize) / sizeof(int);
        for (int i = 0; i < count; i++)
        {
            descriptors.Add(new OwnedFd(((int*)(control + HeaderSize))[i]));
        }
    }
}
