// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Interop.Files;

/// <summary>Replaces a whole file: readers see the old or the new bytes, also after a crash.</summary>
public static class AtomicFile
{
    /// <summary>Start of the names of files not yet in place. A crash leaves them: whoever owns the directory removes them at start.</summary>
    public const string TemporaryPrefix = ".new-";

    /// <summary>Writes to a temporary name, then renames it over <paramref name="name"/>.</summary>
    /// <param name="directory">Open directory; for <paramref name="sync"/> not O_PATH.</param>
    /// <param name="name">One name, no slash.</param>
    /// <param name="mode">Permission bits, exact whatever the umask.</param>
    /// <param name="sync">
    /// <see langword="true"/>: survives a power cut (fsync of file and directory). <see langword="false"/>: survives a
    /// crash of this process.
    /// </param>
    /// <exception cref="SyscallException">Nothing was changed (ENOSPC: the disk is full).</exception>
    public static void Write(SafeHandle directory, string name, ReadOnlySpan<byte> bytes, uint mode, bool sync)
    {
        // Random from the kernel; .NET's cryptography would load OpenSSL, in every monitor.
        string temporary = TemporaryPrefix + Guid.NewGuid().ToString("N");
        using OwnedFd file = At.Create(directory, temporary, mode);
        try
        {
            OpenFile.Chmod(file, mode);
            OpenFile.Write(file, bytes);
            if (sync)
            {
                OpenFile.Sync(file);
            }

            At.Rename(directory, temporary, directory, name);
        }
        catch
        {
            At.TryUnlink(directory, temporary);
            throw;
        }

        if (sync)
        {
            OpenFile.Sync(directory);
        }
    }

    /// <summary>Removes what interrupted writes left in <paramref name="directory"/>.</summary>
    public static void RemoveLeftovers(SafeHandle directory)
    {
        foreach (string name in DirectoryReader.Names(directory))
        {
            if (name.StartsWith(TemporaryPrefix, StringComparison.Ordinal))
            {
                At.TryUnlink(directory, name);
            }
        }
    }
}
