// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Interop.Events;

/// <summary>inotify(7), non-blocking. Used for files whose change carries no further facts (cgroup event files).</summary>
public sealed unsafe class Inotify : IDisposable
{
    private const int IN_CLOEXEC = 0x80000;
    private const int IN_NONBLOCK = 0x800;
    private const uint IN_MODIFY = 2;
    private const int BufferSize = 4096;

    public Inotify()
    {
        int fd = Libc.inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        Handle = fd >= 0 ? new OwnedFd(fd) : throw SyscallException.FromLastError("inotify_init1", "");
    }

    /// <summary>Readable when a watched file changed.</summary>
    public OwnedFd Handle { get; }

    /// <summary>Watches a file for modification. The path must be one that nobody else controls.</summary>
    /// <exception cref="SyscallException"><see cref="Errno.ENOENT"/>; <see cref="Errno.ENOSPC"/>: the user's limit of watches.</exception>
    public void WatchModified(string path)
    {
        fixed (byte* p = Files.CString.Encode(path))
        {
            using FdLease lease = new(Handle);
            if (Libc.inotify_add_watch(lease.Fd, p, IN_MODIFY) < 0)
            {
                throw SyscallException.FromLastError("inotify_add_watch", path);
            }
        }
    }

    /// <summary>Takes all pending events.</summary>
    /// <returns><see langword="false"/>: there were none.</returns>
    public bool Take()
    {
        byte* buffer = stackalloc byte[BufferSize];
        using FdLease lease = new(Handle);
        bool any = false;
        while (Libc.read(lease.Fd, buffer, BufferSize) > 0)
        {
            any = true;
        }

        return any;
    }

    public void Dispose() => Handle.Dispose();
}
