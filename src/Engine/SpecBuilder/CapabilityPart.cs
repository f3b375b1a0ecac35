// SPDX-License-Identifier: Apache-2.0
using System.Collections.Frozen;
using Gantry.Engine.Containers;
using Gantry.Oci.Runtime;

namespace Gantry.Engine.SpecBuilder;

/// <summary>The five capability sets of a container.</summary>
internal static class CapabilityPart
{
    private const string Prefix = "CAP_";
    private const string All = "ALL";

    /// <summary>By number: capabilities(7), include/uapi/linux/capability.h of Linux 5.9 and later.</summary>
    internal static readonly string[] Names =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID",
        "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST",
        "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO",
        "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
        "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE",
        "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
        "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
    ];

    /// <summary>What a container gets unless it asks otherwise: the set that Docker and containerd give.</summary>
    private static readonly string[] s_default =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID",
        "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL",
        "CAP_AUDIT_WRITE",
    ];

    private static readonly FrozenSet<string> s_known = Names.ToFrozenSet(StringComparer.Ordinal);

    /// <remarks>ALL counts before single names, adding before dropping: add X with drop ALL leaves X.</remarks>
    internal static LinuxCapabilities Build(ContainerSecurity security, NodeFacts node)
    {
        IReadOnlyList<string> granted = security.Privileged ? node.Capabilities : Granted(security.Capabilities, node);
        IReadOnlyList<string> ambient = security.Privileged
            ? []
            : [.. Parse("add_ambient_capabilities", security.Capabilities.AddAmbient, node.Capabilities)];
        granted = Ordered(granted.Union(ambient));
        return new LinuxCapabilities
        {
            Bounding = granted,
            Effective = granted,
            Permitted = granted,
            // Never more than the ambient ones, which the kernel demands (CVE-2022-24769, CVE-2022-29162).
            Inheritable = ambient,
            Ambient = ambient,
        };
    }

    private static List<string> Granted(CapabilityRequest request, NodeFacts node)
    {
        var granted = new HashSet<string>(s_default.Intersect(node.Capabilities), StringComparer.Ordinal);
        if (HoldsAll(request.Add))
        {
            granted.UnionWith(node.Capabilities);
        }

        if (HoldsAll(request.Drop))
        {
            granted.Clear();
        }

        granted.UnionWith(Parse("add_capabilities", request.Add.Where(static c => !IsAll(c)), node.Capabilities));
        granted.ExceptWith(Parse("drop_capabilities", request.Drop.Where(static c => !IsAll(c)), node.Capabilities));
        return Ordered(granted);
    }

    private static IEnumerable<string> Parse(string field, IEnumerable<string> names, IReadOnlyList<string> all)
    {
        foreach (string name in names)
        {
            if (IsAll(name))
            {
                foreach (string each in all)
                {
                    yield return each;
                }

                continue;
            }

            string upper = name.ToUpperInvariant();
            string full = upper.StartsWith(Prefix, StringComparison.Ordinal) ? upper : Prefix + upper;
            yield return s_known.Contains(full)
                ? full
                : throw Refuse.Value(field, name, "ALL, or a capability of capabilities(7) with or without CAP_");
        }
    }

    private static bool HoldsAll(IEnumerable<string> names) => names.Any(IsAll);

    private static bool IsAll(string name) => name.Equals(All, StringComparison.OrdinalIgnoreCase);

    private static List<string> Ordered(IEnumerable<string> names) =>
        [.. names.OrderBy(static n => Array.IndexOf(Names, n))];
}
