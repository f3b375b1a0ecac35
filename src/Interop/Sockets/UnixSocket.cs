// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop.Files;

namespace Gantry.Interop.Sockets;

/// <summary>Who is at the other end of a unix socket, as the kernel saw it at connect or socketpair.</summary>
/// <param name="Pid">0 when the process is outside the caller's PID namespace.</param>
public readonly record struct PeerCredentials(int Pid, uint Uid, uint Gid);

/// <summary>Unix stream sockets by path: unix(7). Never abstract ones (CVE-2020-15257). All non-blocking, close-on-exec.</summary>
public static unsafe class UnixSocket
{
    private const int AF_UNIX = 1;
    private const int SOCK_STREAM = 1;
    private const int SOCK_NONBLOCK = 0x800;
    private const int SOCK_CLOEXEC = 0x80000;
    private const int SOL_SOCKET = 1;
    private const int SO_PEERCRED = 17;
    private const int StreamType = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    private const int Backlog = 128;
    private const int AddressSize = 110;
    private const int PathOffset = 2;

    /// <summary>Two connected sockets.</summary>
    public static (OwnedFd First, OwnedFd Second) Pair()
    {
        int* pair = stackalloc int[2];
        return Libc.socketpair(AF_UNIX, StreamType, 0, pair) == 0
            ? (new OwnedFd(pair[0]), new OwnedFd(pair[1]))
            : throw SyscallException.FromLastError("socketpair", "AF_UNIX");
    }

    /// <summary>Takes a connected socket that this process was started with.</summary>
    /// <returns><see langword="null"/>: the descriptor is closed, or no unix stream socket; then it stays as it is.</returns>
    public static OwnedFd? TryAdopt(int fd)
    {
        const int SO_TYPE = 3;
        const int SO_DOMAIN = 39;
        const int F_SETFD = 2;
        const int FD_CLOEXEC = 1;
        if (GetOption(fd, SO_DOMAIN) != AF_UNIX || GetOption(fd, SO_TYPE) != SOCK_STREAM || Libc.fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
        {
            return null;
        }

        OwnedFd socket = new(fd);
        Pipe.SetNonBlocking(socket);
        return socket;
    }

    /// <summary>Listens on a path that must not exist.</summary>
    /// <param name="directory">An open directory; the path's length limit (108 bytes) then counts only for the name.</param>
    /// <param name="mode">Permission bits, in force from the instant the name exists.</param>
    /// <exception cref="SyscallException"><see cref="Errno.EADDRINUSE"/>: the name exists.</exception>
    public static OwnedFd Listen(SafeHandle directory, string name, uint mode)
    {
        OwnedFd socket = Create();
        try
        {
            using FdLease lease = new(socket);
            // bind gives the new name the mode of the socket's own inode, less the umask.
            if (Libc.fchmod(lease.Fd, mode) < 0)
            {
                throw SyscallException.FromLastError("fchmod", "socket");
            }

            using FdLease parent = new(directory);
            byte* address = stackalloc byte[AddressSize];
            uint length = Encode(parent.Fd, name, new Span<byte>(address, AddressSize));
            if (Libc.bind(lease.Fd, address, length) < 0)
            {
                throw SyscallException.FromLastError("bind", name);
            }

            return Libc.listen(lease.Fd, Backlog) == 0 ? socket : throw SyscallException.FromLastError("listen", name);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Connects to a listening socket.</summary>
    /// <exception cref="SyscallException">
    /// <see cref="Errno.ENOENT"/>; <see cref="Errno.ECONNREFUSED"/>: nobody listens; <see cref="Errno.EAGAIN"/>: the backlog is full.
    /// </exception>
    public static OwnedFd Connect(SafeHandle directory, string name)
    {
        OwnedFd socket = Create();
        try
        {
            using FdLease lease = new(socket);
            using FdLease parent = new(directory);
            byte* address = stackalloc byte[AddressSize];
            uint length = Encode(parent.Fd, name, new Span<byte>(address, AddressSize));
            return Libc.connect(lease.Fd, address, length) == 0 ? socket : throw SyscallException.FromLastError("connect", name);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Takes the next connection.</summary>
    /// <returns><see langword="null"/>: none waits (any more).</returns>
    /// <exception cref="SyscallException"><see cref="Errno.EMFILE"/>: descriptor limit reached.</exception>
    public static OwnedFd? TryAccept(SafeHandle listener)
    {
        using FdLease lease = new(listener);
        while (true)
        {
            int fd = Libc.accept4(lease.Fd, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd >= 0)
            {
                return new OwnedFd(fd);
            }

            switch ((Errno)Marshal.GetLastPInvokeError())
            {
                case Errno.EAGAIN:
                    return null;
                case Errno.EINTR or Errno.ECONNABORTED:
                    continue;
                default:
                    throw SyscallException.FromLastError("accept4", "");
            }
        }
    }

    /// <summary>SO_PEERCRED.</summary>
    public static PeerCredentials GetPeerCredentials(SafeHandle socket)
    {
        int* credentials = stackalloc int[3];
        uint length = 3 * sizeof(int);
        using FdLease lease = new(socket);
        return Libc.getsockopt(lease.Fd, SOL_SOCKET, SO_PEERCRED, credentials, &length) == 0
            ? new PeerCredentials(credentials[0], (uint)credentials[1], (uint)credentials[2])
            : throw SyscallException.FromLastError("getsockopt", "SO_PEERCRED");
    }

    /// <returns>-1: no such option, no socket.</returns>
    private static int GetOption(int fd, int option)
    {
        int value = 0;
        uint length = sizeof(int);
        return Libc.getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0 ? value : -1;
    }

    private static OwnedFd Create()
    {
        int fd = Libc.socket(AF_UNIX, StreamType, 0);
        return fd >= 0 ? new OwnedFd(fd) : throw SyscallException.FromLastError("socket", "AF_UNIX");
    }

    private static uint Encode(int directory, string name, Span<byte> address)
    {
        byte[] path = CString.Encode($"/proc/self/fd/{directory}/{name}");
        if (name.Contains('/', StringComparison.Ordinal) || path.Length > address.Length - PathOffset)
        {
            throw new ArgumentException("socket name: no slash, at most 80 bytes", nameof(name));
        }

        MemoryMarshal.Write(address, (ushort)AF_UNIX);
        path.CopyTo(address[PathOffset..]);
        return (uint)(PathOffset + path.Length);
    }
}
