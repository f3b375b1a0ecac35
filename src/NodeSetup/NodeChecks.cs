// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Gantry.Cgroups;

namespace Gantry.NodeSetup;

/// <summary>Is this node fit for containers? Run when the daemon starts and by <c>gantry info</c>.</summary>
public static class NodeChecks
{
    /// <summary>mount_setattr and idmapped mounts (5.12), cgroup.kill (5.14), and the oldest kernel that is still maintained.</summary>
    private static readonly Version s_oldestTested = new(5, 15);

    /// <summary>Without these mount calls no rootfs can be made.</summary>
    private static readonly Version s_oldest = new(5, 12);

    private static readonly string[] s_controllersV1 = ["cpu", "cpuset", "memory", "pids", "devices", "freezer"];
    private static readonly string[] s_controllersV2 = ["cpu", "cpuset", "memory", "pids", "io"];

    private const int CAP_SYS_ADMIN = 21;
    private const int CAP_SYS_RESOURCE = 24;

    /// <summary>Looks at the node. Takes a few milliseconds and changes nothing.</summary>
    public static IReadOnlyList<Finding> Run() => Judge(NodeFacts.Read());

    internal static IReadOnlyList<Finding> Judge(NodeFacts facts) =>
    [
        Kernel(facts),
        Overlay(facts),
        Cgroups(facts),
        Controllers(facts),
        IpForward(facts),
        BridgeNetfilter(facts),
        Nftables(facts),
        Seccomp(facts),
        Privileges(facts),
    ];

    internal static Version? ParseRelease(string release)
    {
        string[] parts = release.Split('.', '-', '+');
        return parts.Length >= 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int minor)
            ? new Version(major, minor)
            : null;
    }

    private static Finding Kernel(NodeFacts facts)
    {
        const string id = "kernel";
        string what = $"kernel {facts.KernelRelease}";
        Version? version = ParseRelease(facts.KernelRelease);
        return version is null ? new(id, FindingSeverity.Warning, what, "its version cannot be read from this name")
            : version < s_oldest ? new(id, FindingSeverity.Error, what, "it lacks mount_setattr, which every container needs", "install Linux 5.15 or newer")
            : version < s_oldestTested ? new(id, FindingSeverity.Warning, what, "it is older than what Gantry is tested with", "install Linux 5.15 or newer")
            : new(id, FindingSeverity.Ok, what);
    }

    private static Finding Overlay(NodeFacts facts) =>
        facts.FileSystems.Contains("overlay")
            ? new("overlay", FindingSeverity.Ok, "overlay file system available")
            : new(
                "overlay", FindingSeverity.Error, "overlay is not in /proc/filesystems", "images cannot become root file systems",
                "modprobe overlay; to keep it: echo overlay > /etc/modules-load.d/gantry.conf");

    private static Finding Cgroups(NodeFacts facts)
    {
        const string id = "cgroups";
        return facts.Layout switch
        {
            null => new(id, FindingSeverity.Error, "no cgroup file system mounted", "nothing can be limited or stopped", "mount -t cgroup2 none /sys/fs/cgroup"),
            CgroupLayout.Unified => new(id, FindingSeverity.Ok, facts.Systemd ? "cgroup v2, systemd" : "cgroup v2"),
            _ => new(
                id, FindingSeverity.Notice, facts.Layout == CgroupLayout.Hybrid ? "cgroup v1 with an empty v2 beside it" : "cgroup v1",
                "kubelets from 1.35 on refuse to start with it unless told otherwise",
                "boot with systemd.unified_cgroup_hierarchy=1, or set failCgroupV1: false in the kubelet's configuration"),
        };
    }

    private static Finding Controllers(NodeFacts facts)
    {
        const string id = "cgroup-controllers";
        string[] missing = (facts.Layout == CgroupLayout.Unified ? s_controllersV2 : s_controllersV1).Where(c => !facts.Controllers.Contains(c)).ToArray();
        if (missing.Length == 0)
        {
            return new(id, FindingSeverity.Ok, $"cgroup controllers: {string.Join(' ', facts.Controllers.Order(StringComparer.Ordinal))}");
        }

        return new(
            id, missing.Contains("memory") || missing.Contains("cpu") ? FindingSeverity.Error : FindingSeverity.Warning,
            $"cgroup controllers missing: {string.Join(' ', missing)}", "limits that need them are refused",
            missing.Contains("memory") ? "boot with cgroup_enable=memory" : "check /proc/cgroups and the kernel's command line for cgroup_disable");
    }

    private static Finding IpForward(NodeFacts facts)
    {
        const string id = "ip-forward";
        if (facts.Ip4Forward == "1")
        {
            return new(id, FindingSeverity.Ok, $"net.ipv4.ip_forward = 1{(facts.Ip6Forward == "1" ? ", IPv6 too" : "")}");
        }

        return new(
            id, FindingSeverity.Warning, $"net.ipv4.ip_forward = {facts.Ip4Forward ?? "absent"}", "pods do not reach anything beyond this node",
            "sysctl -w net.ipv4.ip_forward=1; to keep it: echo net.ipv4.ip_forward=1 > /etc/sysctl.d/90-gantry.conf");
    }

    // Built in or loaded: the sysctl is there either way, and only then.
    private static Finding BridgeNetfilter(NodeFacts facts)
    {
        const string id = "br-netfilter";
        const string why = "a service's address does not work between pods of this node when kube-proxy uses iptables or ipvs";
        return facts.BridgeCallsIptables switch
        {
            "1" => new(id, FindingSeverity.Ok, "net.bridge.bridge-nf-call-iptables = 1"),
            null => new(id, FindingSeverity.Notice, "br_netfilter is not in the kernel", why, "modprobe br_netfilter"),
            string value => new(
                id, FindingSeverity.Notice, $"net.bridge.bridge-nf-call-iptables = {value}", why, "sysctl -w net.bridge.bridge-nf-call-iptables=1"),
        };
    }

    private static Finding Nftables(NodeFacts facts) =>
        facts.NftablesError is null
            ? new("nftables", FindingSeverity.Ok, "libnftables can be used")
            : new(
                "nftables", FindingSeverity.Error, facts.NftablesError, "the embedded network has neither masquerade nor host ports",
                "apt install libnftables1, dnf install nftables, or place a CNI configuration in /etc/cni/net.d");

    private static Finding Seccomp(NodeFacts facts) =>
        facts.SeccompActions is { Length: > 0 } actions
            ? new("seccomp", FindingSeverity.Ok, $"seccomp: {actions}")
            : new(
                "seccomp", FindingSeverity.Error, "the kernel has no seccomp filters", "containers with the default profile cannot start",
                "use a kernel with CONFIG_SECCOMP_FILTER");

    private static Finding Privileges(NodeFacts facts)
    {
        const string id = "privileges";
        return !Has(facts, CAP_SYS_ADMIN)
                ? new(id, FindingSeverity.Error, "CAP_SYS_ADMIN is missing", "no namespace and no mount can be made", "run as root")
            : !Has(facts, CAP_SYS_RESOURCE)
                ? new(
                    id, FindingSeverity.Warning, "CAP_SYS_RESOURCE is missing",
                    "a negative oom_score_adj and a raised hard rlimit are clamped, with a line in the log", "run with all capabilities")
            : new(id, FindingSeverity.Ok, "all capabilities that containers need");
    }

    private static bool Has(NodeFacts facts, int capability) => (facts.Capabilities & (1UL << capability)) != 0;
}
