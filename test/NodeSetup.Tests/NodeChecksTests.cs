// SPDX-License-Identifier: Apache-2.0
using Gantry.Cgroups;

namespace Gantry.NodeSetup.Tests;

public sealed class NodeChecksTests
{
    private const ulong AllCapabilities = (1UL << 41) - 1;

    private static readonly NodeFacts s_good = new()
    {
        KernelRelease = "6.1.0-18-amd64",
        FileSystems = new HashSet<string> { "nodev", "overlay", "ext4" },
        Layout = CgroupLayout.Unified,
        Controllers = new HashSet<string> { "cpu", "cpuset", "memory", "pids", "io", "hugetlb" },
        Systemd = true,
        Ip4Forward = "1",
        Ip6Forward = "1",
        BridgeCallsIptables = "1",
        SeccompActions = "kill_process kill_thread trap errno user_notif trace log allow",
        Capabilities = AllCapabilities,
    };

    [Fact]
    public void A_good_node_has_nothing_to_fix() =>
        Assert.All(NodeChecks.Judge(s_good), f =>
        {
            Assert.Equal(FindingSeverity.Ok, f.Severity);
            Assert.Empty(f.Fix);
        });

    [Fact]
    public void Every_check_has_an_id_of_its_own() =>
        Assert.Equal(NodeChecks.Judge(s_good).Count, NodeChecks.Judge(s_good).DistinctBy(f => f.Id).Count());

    public static TheoryData<string, FindingSeverity, string> Flaws => new()
    {
        { "kernel", FindingSeverity.Error, "old" },
        { "kernel", FindingSeverity.Warning, "untested" },
        { "kernel", FindingSeverity.Warning, "unreadable" },
        { "overlay", FindingSeverity.Error, "overlay" },
        { "cgroups", FindingSeverity.Error, "no cgroups" },
        { "cgroups", FindingSeverity.Notice, "hybrid" },
        { "cgroup-controllers", FindingSeverity.Error, "no memory" },
        { "cgroup-controllers", FindingSeverity.Warning, "no pids" },
        { "ip-forward", FindingSeverity.Warning, "no forwarding" },
        { "br-netfilter", FindingSeverity.Notice, "no bridge" },
        { "br-netfilter", FindingSeverity.Notice, "bridge off" },
        { "nftables", FindingSeverity.Error, "no nftables" },
        { "seccomp", FindingSeverity.Error, "no seccomp" },
        { "privileges", FindingSeverity.Error, "not root" },
        { "privileges", FindingSeverity.Warning, "no resource" },
    };

    [Theory]
    [MemberData(nameof(Flaws))]
    public void A_flaw_is_named_with_its_consequence(string id, FindingSeverity severity, string flaw)
    {
        Finding finding = NodeChecks.Judge(WithFlaw(flaw)).Single(f => f.Id == id);

        Assert.Equal(severity, finding.Severity);
        Assert.NotEmpty(finding.What);
        Assert.NotEmpty(finding.Why);
    }

    [Theory]
    [InlineData("6.18.44-fc-v669", 6, 18)]
    [InlineData("5.15.0-1-generic", 5, 15)]
    [InlineData("6.1+", 6, 1)]
    public void A_release_starts_with_its_version(string release, int major, int minor) =>
        Assert.Equal(new Version(major, minor), NodeChecks.ParseRelease(release));

    [Theory]
    [InlineData("CapEff:\t000001fffeffffff\n", 0x1fffeffffffUL)]
    [InlineData("Name:\tx\nCapEff:\t0000000000000000\n", 0UL)]
    [InlineData("", 0UL)]
    public void Effective_capabilities_are_read_from_the_status(string status, ulong expected) =>
        Assert.Equal(expected, NodeFacts.EffectiveCapabilities(status));

    [Fact]
    public void This_node_answers_every_check()
    {
        NodeFacts facts = NodeFacts.Read();

        Assert.Contains(NodeChecks.Run(), f => f.Id == "kernel" && f.What.Contains(facts.KernelRelease, StringComparison.Ordinal));
        Assert.Equal(File.ReadAllText("/proc/sys/kernel/osrelease").Trim(), facts.KernelRelease);
        Assert.Equal(File.ReadAllText("/proc/filesystems").Contains("overlay", StringComparison.Ordinal), facts.FileSystems.Contains("overlay"));
        Assert.NotNull(facts.Layout);
        Assert.NotEqual(0UL, facts.Capabilities);
    }

    private static NodeFacts WithFlaw(string flaw) => flaw switch
    {
        "old" => s_good with { KernelRelease = "5.4.0" },
        "untested" => s_good with { KernelRelease = "5.13.1" },
        "unreadable" => s_good with { KernelRelease = "mine" },
        "overlay" => s_good with { FileSystems = new HashSet<string> { "ext4" } },
        "no cgroups" => s_good with { Layout = null },
        "hybrid" => s_good with { Layout = CgroupLayout.Hybrid },
        "no memory" => s_good with { Controllers = s_good.Controllers.Where(c => c != "memory").ToHashSet() },
        "no pids" => s_good with { Controllers = s_good.Controllers.Where(c => c != "pids").ToHashSet() },
        "no forwarding" => s_good with { Ip4Forward = "0" },
        "no bridge" => s_good with { BridgeCallsIptables = null },
        "bridge off" => s_good with { BridgeCallsIptables = "0" },
        "no nftables" => s_good with { NftablesError = "libnftables.so.1 is not installed" },
        "no seccomp" => s_good with { SeccompActions = null },
        "not root" => s_good with { Capabilities = 0 },
        "no resource" => s_good with { Capabilities = AllCapabilities & ~(1UL << 24) },
        _ => throw new ArgumentOutOfRangeException(nameof(flaw)),
    };
}
