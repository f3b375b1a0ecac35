// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop.Files;

namespace Gantry.Interop.Durability;

/// <summary>Bringing data to the disk: fsync(2), syncfs(2).</summary>
public static class FileSync
{
    /// <summary>Waits until a file's data and size, or a directory's entries, are on the disk.</summary>
    /// <exception cref="SyscallException">EIO, ENOSPC, EDQUOT: earlier writes were lost.</exception>
    public static void Fsync(SafeHandle file, string subject)
    {
        ArgumentNullException.ThrowIfNull(file);
        Call(SyscallNumber.SYS_fsync, "fsync", file, subject);
    }

    /// <summary>Waits until the entries of the directory at <paramref name="path"/> (renames in it) are on the disk.</summary>
    /// <param name="path">A path that only we control.</param>
    public static void FsyncDirectory(string path)
    {
        using OwnedFd directory = Openat2.Open(null, path, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY, ResolveFlags.None);
        Call(SyscallNumber.SYS_fsync, "fsync", directory, path);
    }

    /// <summary>Waits until everything written to the file system that holds <paramref name="path"/> is on the disk.</summary>
    /// <remarks>syncfs(2); reports write errors since Linux 5.8.</remarks>
    public static void SyncFileSystem(string path)
    {
        using OwnedFd directory = Openat2.Open(null, path, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY, ResolveFlags.None);
        Call(SyscallNumber.SYS_syncfs, "syncfs", directory, path);
    }

    private static void Call(int number, string name, SafeHandle file, string subject)
    {
        using FdLease lease = new(file);
        while (Libc.syscall(number, lease.Fd, 0, 0, 0, 0, 0) < 0)
        {
            if (Marshal.GetLastPInvokeError() != (int)Errno.EINTR)
            {
                throw SyscallException.FromLastError(name, subject);
            }
        }
    }
}
