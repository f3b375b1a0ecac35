// SPDX-License-Identifier: Apache-2.0
using Gantry.Cgroups;
using Gantry.Interop.Control;
using Gantry.Interop.Nftables;

namespace Gantry.NodeSetup;

/// <summary>What the checks look at, read once.</summary>
internal sealed record NodeFacts
{
    /// <summary>As uname(2) gives it: <c>6.1.0-18-amd64</c>.</summary>
    public string KernelRelease { get; init; } = "";

    /// <summary>File systems that the kernel can mount now.</summary>
    public IReadOnlySet<string> FileSystems { get; init; } = new HashSet<string>();

    /// <summary><see langword="null"/>: no cgroup file system is mounted.</summary>
    public CgroupLayout? Layout { get; init; }

    public IReadOnlySet<string> Controllers { get; init; } = new HashSet<string>();

    /// <summary>systemd is the init system and owns the cgroup tree.</summary>
    public bool Systemd { get; init; }

    /// <summary>Content of the sysctl; <see langword="null"/> when the kernel has none such.</summary>
    public string? Ip4Forward { get; init; }

    public string? Ip6Forward { get; init; }

    public string? BridgeCallsIptables { get; init; }

    public string? SeccompActions { get; init; }

    /// <summary>Why libnftables cannot be used; <see langword="null"/> when it can.</summary>
    public string? NftablesError { get; init; }

    /// <summary>Effective capabilities of this process, one bit each.</summary>
    public ulong Capabilities { get; init; }

    internal static NodeFacts Read()
    {
        (CgroupLayout? layout, IReadOnlySet<string> controllers) = ReadCgroups();
        using ControlDirectory proc = ControlDirectory.Open("/proc");
        return new NodeFacts
        {
            KernelRelease = proc.TryRead("sys/kernel/osrelease")?.Trim() ?? "",
            FileSystems = Words(proc.TryRead("filesystems")),
            Layout = layout,
            Controllers = controllers,
            Systemd = Directory.Exists("/run/systemd/system"), // sd_booted(3)
            Ip4Forward = proc.TryRead("sys/net/ipv4/ip_forward")?.Trim(),
            Ip6Forward = proc.TryRead("sys/net/ipv6/conf/all/forwarding")?.Trim(),
            BridgeCallsIptables = proc.TryRead("sys/net/bridge/bridge-nf-call-iptables")?.Trim(),
            SeccompActions = proc.TryRead("sys/kernel/seccomp/actions_avail")?.Trim(),
            NftablesError = TryNftables(),
            Capabilities = EffectiveCapabilities(ReadStatus()),
        };
    }

    internal static ulong EffectiveCapabilities(string status)
    {
        const string key = "CapEff:";
        string? line = status.Split('\n').FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal));
        return ulong.TryParse(
            line?[key.Length..].Trim(), System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture, out ulong set)
            ? set
            : 0;
    }

    private static (CgroupLayout? Layout, IReadOnlySet<string> Controllers) ReadCgroups()
    {
        try
        {
            using CgroupHierarchies hierarchies = CgroupHierarchies.Detect();
            return (hierarchies.Layout, hierarchies.Controllers);
        }
        catch (CgroupException)
        {
            return (null, new HashSet<string>());
        }
    }

    // Beyond a magic link, which the descriptor above does not follow.
    private static string ReadStatus()
    {
        using ControlDirectory self = ControlDirectory.Open("/proc/self");
        return self.TryRead("status") ?? "";
    }

    private static string? TryNftables()
    {
        try
        {
            using NftContext context = new();
            return null;
        }
        catch (NftException e)
        {
            return e.Message;
        }
    }

    private static HashSet<string> Words(string? text) =>
        (text ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).ToHashSet();
}
