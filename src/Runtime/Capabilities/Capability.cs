// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Gantry.Runtime.Capabilities;

/// <summary>Names and numbers of linux/capability.h, 0 to 40.</summary>
public static class Capability
{
    private const string Prefix = "CAP_";

    /// <summary>In the order of their numbers.</summary>
    private static readonly string[] s_names =
    [
        "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "LINUX_IMMUTABLE",
        "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT",
        "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE",
        "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ",
        "PERFMON", "BPF", "CHECKPOINT_RESTORE",
    ];

    private static readonly Dictionary<string, int> s_numbers =
        s_names.Select((name, number) => (Prefix + name, number)).ToDictionary(p => p.Item1, p => p.number, StringComparer.Ordinal);

    private static readonly Lazy<int> s_last = new(ReadLast);

    /// <summary>All names, <c>CAP_</c> included, in the order of their numbers.</summary>
    public static IReadOnlyList<string> Names { get; } = s_names.Select(name => Prefix + name).ToList();

    /// <summary>The greatest number that the running kernel knows: 40 since Linux 5.9.</summary>
    public static int LastOfKernel => s_last.Value;

    /// <summary>The number of a name such as <c>CAP_CHOWN</c>.</summary>
    /// <returns><see langword="null"/>: no such capability.</returns>
    public static int? TryParse(string name) => s_numbers.TryGetValue(name, out int number) ? number : null;

    /// <exception cref="CapabilityException">No such capability.</exception>
    public static int Parse(string name, string field) =>
        TryParse(name) ?? throw new CapabilityException(field, name, "CAP_CHOWN to CAP_CHECKPOINT_RESTORE as in capabilities(7), in capitals");

    private static int ReadLast()
    {
        const string file = "/proc/sys/kernel/cap_last_cap";
        return File.Exists(file) && int.TryParse(File.ReadAllText(file).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int last)
            ? last
            : s_names.Length - 1;
    }
}
