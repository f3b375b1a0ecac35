// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Spawn;

namespace Gantry.Runtime.Launch;

/// <summary>What becomes descriptors 0, 1 and 2 of a new process. The handles stay the caller's.</summary>
public sealed record ProcessStdio
{
    public required SafeHandle Input { get; init; }

    public required SafeHandle Output { get; init; }

    public required SafeHandle Error { get; init; }

    /// <summary>All three are the other end of a terminal, which becomes the controlling one.</summary>
    public bool Terminal { get; init; }

    /// <summary>Gives pipes and terminals to the process's user, so that it can open /dev/stdout again by name.</summary>
    internal void GiveTo(uint uid, uint gid)
    {
        foreach (SafeHandle handle in (SafeHandle[])[Input, Output, Error])
        {
            if (Terminal || OpenFile.Status(handle).Type == FileType.Fifo)
            {
                OpenFile.Chown(handle, uid, Terminal ? uint.MaxValue : gid);
            }
        }
    }

    internal void Append(SyscallList list)
    {
        const int TIOCSCTTY = 0x540E;
        if (Terminal)
        {
            list.Add(SyscallNumber.SYS_ioctl, "ioctl", "TIOCSCTTY", [list.Fd(Input), TIOCSCTTY, 0]);
        }

        Duplicate(list, Input, 0);
        Duplicate(list, Output, 1);
        Duplicate(list, Error, 2);
    }

    private static void Duplicate(SyscallList list, SafeHandle source, int target)
    {
        int fd = list.Fd(source);
        ArgumentOutOfRangeException.ThrowIfLessThan(fd, 3, nameof(source));
        list.Add(SyscallNumber.SYS_dup3, "dup3", $"descriptor {target}", [fd, target, 0]);
    }
}
