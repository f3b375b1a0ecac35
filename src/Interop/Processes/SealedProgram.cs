// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop.Files;

namespace Gantry.Interop.Processes;

/// <summary>A copy of a program in memory that nobody can change: memfd_create(2), fcntl(2) F_ADD_SEALS.</summary>
/// <remarks>What runs where a container could reach <c>/proc/PID/exe</c> is such a copy, never the file on the host (CVE-2019-5736).</remarks>
public static unsafe class SealedProgram
{
    private const uint MFD_CLOEXEC = 1;
    private const uint MFD_ALLOW_SEALING = 2;
    private const uint MFD_EXEC = 0x10; // Linux 6.3
    private const int F_ADD_SEALS = 1033;
    private const int AllSeals = 0x1 | 0x2 | 0x4 | 0x8; // SEAL, SHRINK, GROW, WRITE
    private const int BufferSize = 256 * 1024;

    /// <summary>Copies the program that this process runs.</summary>
    /// <returns>For execveat(2) with AT_EMPTY_PATH.</returns>
    public static OwnedFd CopySelf()
    {
        OwnedFd copy = Create("gantry-init"u8);
        try
        {
            using OwnedFd self = Openat2.Open(null, "/proc/self/exe", OpenFlags.O_RDONLY, ResolveFlags.None);
            byte[] buffer = GC.AllocateUninitializedArray<byte>(BufferSize);
            int count;
            while ((count = OpenFile.Read(self, buffer)) > 0)
            {
                OpenFile.Write(copy, buffer.AsSpan(0, count));
            }

            using FdLease lease = new(copy);
            return Libc.fcntl(lease.Fd, F_ADD_SEALS, AllSeals) == 0 ? copy : throw SyscallException.FromLastError("fcntl", "F_ADD_SEALS");
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    private static OwnedFd Create(ReadOnlySpan<byte> name)
    {
        fixed (byte* p = name)
        {
            nint fd = Libc.syscall(SyscallNumber.SYS_memfd_create, (nint)p, (nint)(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC), 0, 0, 0, 0);
            if (fd < 0 && Marshal.GetLastPInvokeError() == (int)Errno.EINVAL)
            {
                fd = Libc.syscall(SyscallNumber.SYS_memfd_create, (nint)p, (nint)(MFD_CLOEXEC | MFD_ALLOW_SEALING), 0, 0, 0, 0);
            }

            return fd >= 0 ? new OwnedFd((int)fd) : throw SyscallException.FromLastError("memfd_create", "program");
        }
    }
}
