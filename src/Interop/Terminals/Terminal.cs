// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop.Files;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Interop.Terminals;

/// <summary>Pseudoterminals: pty(7), ioctl_tty(2).</summary>
public static unsafe class Terminal
{
    private const nuint TIOCSWINSZ = 0x5414;
    private const nuint TIOCGPTN = 0x80045430;
    private const nuint TIOCSPTLCK = 0x40045431;
    private const nuint TIOCGPTPEER = 0x5441;

    /// <summary>Opens a new master from a devpts instance and unlocks its other end.</summary>
    /// <param name="devpts">The root of the instance: a container's own, or <c>/dev/pts</c> of the host.</param>
    public static SafeFileHandle OpenMaster(SafeHandle devpts)
    {
        using OwnedFd opened = Openat2.Open(
            devpts, "ptmx", OpenFlags.O_RDWR | OpenFlags.O_NOCTTY, ResolveFlags.RESOLVE_BENEATH | ResolveFlags.RESOLVE_NO_SYMLINKS);
        SafeFileHandle master = new(opened.DangerousGetHandle(), ownsHandle: true);
        opened.SetHandleAsInvalid();
        try
        {
            Unlock(master);
            return master;
        }
        catch
        {
            master.Dispose();
            throw;
        }
    }

    /// <summary>Allows the other end to be opened (TIOCSPTLCK).</summary>
    public static void Unlock(SafeHandle master)
    {
        int unlocked = 0;
        using FdLease lease = new(master);
        if (Libc.ioctl(lease.Fd, TIOCSPTLCK, (nint)(&unlocked)) < 0)
        {
            throw SyscallException.FromLastError("ioctl", "TIOCSPTLCK");
        }
    }

    /// <summary>Opens the other end without a path (TIOCGPTPEER, Linux 4.13), so that nothing in a container can redirect it.</summary>
    public static SafeFileHandle OpenPeer(SafeHandle master)
    {
        ulong flags = Openat2.Translate(OpenFlags.O_RDWR | OpenFlags.O_NOCTTY | OpenFlags.O_CLOEXEC);
        using FdLease lease = new(master);
        int fd = Libc.ioctl(lease.Fd, TIOCGPTPEER, (nint)flags);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw SyscallException.FromLastError("ioctl", "TIOCGPTPEER");
    }

    /// <summary>Number of the terminal in its devpts instance: <c>/dev/pts/N</c>.</summary>
    public static uint GetNumber(SafeHandle master)
    {
        uint number = 0;
        using FdLease lease = new(master);
        return Libc.ioctl(lease.Fd, TIOCGPTN, (nint)(&number)) == 0 ? number : throw SyscallException.FromLastError("ioctl", "TIOCGPTN");
    }

    /// <summary>Sets the size; the foreground process group gets SIGWINCH when it changed.</summary>
    /// <param name="columns">Characters in a row.</param>
    /// <param name="rows">Rows.</param>
    public static void SetSize(SafeHandle terminal, ushort columns, ushort rows)
    {
        ushort* size = stackalloc ushort[4]; // struct winsize: rows, columns, two unused pixel counts
        size[0] = rows;
        size[1] = columns;
        using FdLease lease = new(terminal);
        if (Libc.ioctl(lease.Fd, TIOCSWINSZ, (nint)size) < 0)
        {
            throw SyscallException.FromLastError("ioctl", "TIOCSWINSZ");
        }
    }
}
