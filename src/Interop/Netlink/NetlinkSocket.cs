// SPDX-License-Identifier: Apache-2.0
using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using static Gantry.Interop.Netlink.NetlinkConstants;

namespace Gantry.Interop.Netlink;

/// <summary>Takes the messages of an answer that are neither an acknowledgement nor the end of a dump.</summary>
internal delegate void NetlinkHandler(NetlinkMessage message);

/// <summary>A netlink socket in the network namespace of the thread that opened it; usable from any thread, one call at a time.</summary>
internal sealed unsafe class NetlinkSocket : IDisposable
{
    /// <summary>The kernel never answers with more than 32 KiB at once.</summary>
    private const int ReceiveSize = 64 * 1024;

    private const int AcknowledgementSize = 20;

    private readonly OwnedFd _fd;
    private readonly Lock _lock = new();
    private uint _sequence = 1;

    private NetlinkSocket(OwnedFd fd) => _fd = fd;

    internal static NetlinkSocket Open(int protocol)
    {
        const int family = 16;
        const int rawCloseOnExec = 3 | 0x80000;
        nint fd = Libc.syscall(SyscallNumber.SYS_socket, family, rawCloseOnExec, protocol, 0, 0, 0);
        if (fd < 0)
        {
            throw SyscallException.FromLastError("socket", $"AF_NETLINK {protocol}");
        }

        OwnedFd owned = new((int)fd);
        SetOptions((int)fd);
        return new NetlinkSocket(owned);
    }

    /// <summary>Sends a batch and takes every answer.</summary>
    /// <param name="build">Fills the batch; with NLM_F_DUMP at most one message.</param>
    /// <exception cref="SyscallException">The first message that the kernel refused, with the kernel's own words if it gave some.</exception>
    internal void Execute(Action<NetlinkWriter> build, NetlinkHandler? onData = null)
    {
        lock (_lock)
        {
            NetlinkWriter batch = new(_sequence);
            build(batch);
            ReadOnlySpan<byte> messages = batch.Finish();
            if (messages.IsEmpty)
            {
                // Everything was there already; the kernel refuses an empty write (ENODATA).
                return;
            }

            Send(messages);
            _sequence = batch.NextSequence;
            Collect(batch.Expected, onData);
        }
    }

    public void Dispose() => _fd.Dispose();

    private static void SetOptions(int fd)
    {
        const int solSocket = 1;
        const int soReceiveTimeout = 20;
        const int solNetlink = 270;
        int on = 1;

        // CAP_ACK: no copy of the request in errors; EXT_ACK: the reason as text; STRICT_CHK: filters of dumps are honoured.
        foreach (int option in (ReadOnlySpan<int>)[10, 11, 12])
        {
            Libc.syscall(SyscallNumber.SYS_setsockopt, fd, solNetlink, option, (nint)(&on), sizeof(int), 0);
        }

        long* tenSeconds = stackalloc long[] { 10, 0 };
        Libc.syscall(SyscallNumber.SYS_setsockopt, fd, solSocket, soReceiveTimeout, (nint)tenSeconds, 2 * sizeof(long), 0);
    }

    private void Send(ReadOnlySpan<byte> bytes)
    {
        using FdLease lease = new(_fd);
        fixed (byte* p = bytes)
        {
            while (Libc.write(lease.Fd, p, (nuint)bytes.Length) < 0)
            {
                if (Marshal.GetLastPInvokeError() != (int)Errno.EINTR)
                {
                    throw SyscallException.FromLastError("write", "netlink socket");
                }
            }
        }
    }

    private void Collect(IReadOnlyList<NetlinkWriter.Expectation> expected, NetlinkHandler? onData)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ReceiveSize);
        try
        {
            SyscallException? failure = null;
            int done = 0;
            while (done < expected.Count)
            {
                NetlinkMessages messages = new(Receive(buffer));
                while (messages.TryNext(out NetlinkMessage message))
                {
                    done += Take(message, expected, onData, ref failure) ? 1 : 0;
                }
            }

            if (failure is not null)
            {
                throw failure;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <returns>Whether this message ends the answer to one request.</returns>
    private static bool Take(
        NetlinkMessage message, IReadOnlyList<NetlinkWriter.Expectation> expected, NetlinkHandler? onData, ref SyscallException? failure)
    {
        // Answers of a call that was given up carry older numbers.
        long index = (long)message.Sequence - expected[0].Sequence;
        if (index < 0 || index >= expected.Count)
        {
            return false;
        }

        bool interrupted = (message.Flags & NLM_F_DUMP_INTR) != 0;
        if (message.Type is NLMSG_ERROR or NLMSG_DONE)
        {
            failure ??= Failure(message, expected[(int)index], interrupted);
            return true;
        }

        if (interrupted)
        {
            failure ??= Interrupted(expected[(int)index]);
        }

        onData?.Invoke(message);
        return false;
    }

    private static SyscallException? Failure(NetlinkMessage message, NetlinkWriter.Expectation asked, bool interrupted)
    {
        int error = message.Body.Length < sizeof(int) ? 0 : BinaryPrimitives.ReadInt32LittleEndian(message.Body);
        if (error >= 0)
        {
            return interrupted ? Interrupted(asked) : null;
        }

        string reason = Reason(message);
        string subject = reason.Length == 0 ? asked.Subject : $"{asked.Subject}: \"{reason}\"";
        return new SyscallException($"netlink {asked.Type}", subject, (Errno)(-error));
    }

    /// <summary>The list changed while the kernel walked it: it may lack or repeat entries.</summary>
    private static SyscallException Interrupted(NetlinkWriter.Expectation asked) =>
        new($"netlink {asked.Type}", asked.Subject, Errno.EINTR);

    private static string Reason(NetlinkMessage message)
    {
        if ((message.Flags & NLM_F_ACK_TLVS) == 0 || message.Type != NLMSG_ERROR || message.Body.Length < AcknowledgementSize)
        {
            return "";
        }

        int skip = (message.Flags & NLM_F_CAPPED) != 0
            ? AcknowledgementSize
            : sizeof(int) + ((BinaryPrimitives.ReadInt32LittleEndian(message.Body[sizeof(int)..]) + 3) & ~3);
        return skip < AcknowledgementSize || skip > message.Body.Length
            ? ""
            : NetlinkAttributes.Text(NetlinkAttributes.Find(message.Body[skip..], NLMSGERR_ATTR_MSG));
    }

    private ReadOnlySpan<byte> Receive(byte[] buffer)
    {
        using FdLease lease = new(_fd);
        fixed (byte* p = buffer)
        {
            while (true)
            {
                nint count = Libc.read(lease.Fd, p, (nuint)buffer.Length);
                if (count >= 0)
                {
                    return buffer.AsSpan(0, (int)count);
                }

                if (Marshal.GetLastPInvokeError() != (int)Errno.EINTR)
                {
                    throw SyscallException.FromLastError("read", "netlink socket");
                }
            }
        }
    }
}
