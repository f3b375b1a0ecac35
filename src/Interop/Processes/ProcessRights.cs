// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Gantry.Interop.Processes;

/// <summary>What the calling process may do and use: capget(2), prlimit(2), /proc/self.</summary>
public static unsafe class ProcessRights
{
    private const uint CapabilityVersion3 = 0x20080522;

    /// <summary>Whether a capability is in the calling thread's effective set.</summary>
    /// <param name="capability">0 to 63, linux/capability.h.</param>
    public static bool HasCapability(int capability)
    {
        ulong header = CapabilityVersion3;
        uint* data = stackalloc uint[6];
        if (Libc.syscall(SyscallNumber.SYS_capget, (nint)(&header), (nint)data, 0, 0, 0, 0) < 0)
        {
            throw SyscallException.FromLastError("capget", "self");
        }

        return (data[capability / 32 * 3] & (1u << (capability % 32))) != 0;
    }

    /// <summary>A resource limit of the calling process.</summary>
    /// <param name="resource">RLIMIT_* of asm-generic/resource.h.</param>
    public static (ulong Soft, ulong Hard) GetLimit(int resource)
    {
        ulong* pair = stackalloc ulong[2];
        if (Libc.syscall(SyscallNumber.SYS_prlimit64, 0, resource, 0, (nint)pair, 0, 0) < 0)
        {
            throw SyscallException.FromLastError("prlimit", $"resource {resource}");
        }

        return (pair[0], pair[1]);
    }

    /// <summary>-1000 to 1000; a child without CAP_SYS_RESOURCE cannot go below its parent's.</summary>
    public static int GetOomScoreAdj() =>
        int.Parse(File.ReadAllText("/proc/self/oom_score_adj").AsSpan().Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
