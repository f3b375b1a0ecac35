// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Gantry.Runtime.Capabilities;

/// <summary>Names of capabilities; the position is the number (linux/capability.h).</summary>
public static class CapabilityNames
{
    private static readonly string[] s_names =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID",
        "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK",
        "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN",
        "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE",
        "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
        "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
    ];

    private static readonly Lazy<int> s_kernelLast = new(static () =>
        int.Parse(File.ReadAllText("/proc/sys/kernel/cap_last_cap").AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture));

    private static readonly Lazy<ulong> s_held = new(ReadHeld);

    /// <summary>All 41, in the order of their numbers.</summary>
    public static IReadOnlyList<string> All => s_names;

    /// <summary>Number of the last capability that the running kernel knows.</summary>
    internal static int KernelLast => s_kernelLast.Value;

    /// <summary>The bits of a list of names. What this kernel does not know, or this process may not give, is left out.</summary>
    /// <remarks>
    /// A capability outside our own bounding set can only be refused by the kernel (EPERM of capset); runtime-spec 1.1 lets a runtime
    /// drop what it cannot grant.
    /// </remarks>
    internal static ulong Mask(string field, IReadOnlyList<string>? names)
    {
        ulong mask = 0;
        foreach (string name in names ?? [])
        {
            int number = Array.IndexOf(s_names, name);
            mask |= number >= 0 ? 1UL << number : throw new CapabilityException(field, name, $"one of {s_names[0]} to {s_names[^1]} of capabilities(7)");
        }

        return mask & s_held.Value;
    }

    /// <summary>CapBnd of this process.</summary>
    private static ulong ReadHeld()
    {
        string line = File.ReadLines("/proc/self/status").First(static l => l.StartsWith("CapBnd:", StringComparison.Ordinal));
        return ulong.Parse(line.AsSpan("CapBnd:".Length).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }
}
