// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Interop.Files;

/// <summary>A file mode creation mask for one thread.</summary>
public static class ThreadUmask
{
    /// <summary>Gives the calling thread a umask (and working directory) of its own and sets it to 0.</summary>
    /// <returns><see langword="false"/>: the kernel refused, nothing changed.</returns>
    /// <remarks>unshare(CLONE_FS) cannot be undone: only for a dedicated thread that ends soon, never one of the pool.</remarks>
    public static bool TryClear()
    {
        const nint CloneFs = 0x200;
        if (Libc.syscall(SyscallNumber.SYS_unshare, CloneFs, 0, 0, 0, 0, 0) != 0)
        {
            return false;
        }

        _ = Libc.umask(0);
        return true;
    }
}
