// SPDX-License-Identifier: Apache-2.0
using CsCheck;

namespace Gantry.Cgroups.Tests;

public sealed class MountInfoTests
{
    private const string V2Only = """
        25 30 0:23 / /sys rw,nosuid - sysfs sysfs rw
        31 25 0:27 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
        """;

    private const string SystemdHybrid = """
        31 25 0:26 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755
        32 31 0:27 / /sys/fs/cgroup/unified rw shared:5 - cgroup2 cgroup2 rw,nsdelegate
        33 31 0:28 / /sys/fs/cgroup/systemd rw shared:6 master:1 - cgroup cgroup rw,xattr,name=systemd
        36 31 0:31 / /sys/fs/cgroup/cpu,cpuacct rw shared:7 - cgroup cgroup rw,cpu,cpuacct
        37 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
        99 1 0:32 / /mnt/again rw - cgroup cgroup rw,memory
        """;

    [Fact]
    public void A_lone_cgroup2_mount_is_the_unified_layout()
    {
        IReadOnlyList<MountedHierarchy> mounted = MountedHierarchy.Select(MountInfo.Parse(V2Only));

        Assert.Equal(CgroupLayout.Unified, MountedHierarchy.Layout(mounted));
        Assert.Equal("/sys/fs/cgroup", Assert.Single(mounted).MountPoint);
    }

    [Fact]
    public void Controllers_beside_an_empty_cgroup2_are_the_hybrid_layout()
    {
        IReadOnlyList<MountedHierarchy> mounted = MountedHierarchy.Select(MountInfo.Parse(SystemdHybrid));

        Assert.Equal(CgroupLayout.Hybrid, MountedHierarchy.Layout(mounted));
        Assert.Equal(["cpu", "cpuacct"], mounted.Single(h => h.MountPoint.EndsWith("cpuacct", StringComparison.Ordinal)).Controllers.Order());
        Assert.Equal("systemd", mounted.Single(h => h.Name is not null).Name);
    }

    [Fact]
    public void A_hierarchy_mounted_twice_counts_once()
    {
        IReadOnlyList<MountedHierarchy> mounted = MountedHierarchy.Select(MountInfo.Parse(SystemdHybrid));

        Assert.Equal("/sys/fs/cgroup/memory", mounted.Single(h => h.Controllers.Contains("memory")).MountPoint);
    }

    [Fact]
    public void A_named_hierarchy_alone_does_not_make_a_node_hybrid()
    {
        const string text = V2Only + "\n33 31 0:28 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd";

        Assert.Equal(CgroupLayout.Unified, MountedHierarchy.Layout(MountedHierarchy.Select(MountInfo.Parse(text))));
    }

    [Fact]
    public void Nothing_mounted_has_no_layout() => Assert.Null(MountedHierarchy.Layout([]));

    [Fact]
    public void Octal_escapes_stand_for_their_characters()
    {
        MountInfo mount = Assert.Single(MountInfo.Parse(@"1 2 0:3 /a\040b /c\134d\011 rw - cgroup none rw"));

        Assert.Equal("/a b", mount.Root);
        Assert.Equal("/c\\d\t", mount.MountPoint);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1 2 0:3 / / rw")]
    [InlineData("1 2 0:3 / / rw shared:1 cgroup none rw")]
    [InlineData("x 2 0:3 / / rw - cgroup none rw")]
    [InlineData("1 2 0:3 / / rw - cgroup none")]
    public void A_malformed_line_is_left_out(string line) => Assert.Empty(MountInfo.Parse(line));

    [Fact]
    public void Any_text_is_read_without_failure() =>
        Gen.String[Gen.Char["0123456789 :/-\\,\nabcgroup2=\0\uffff"], 0, 400].Sample(text =>
        {
            foreach (MountInfo mount in MountInfo.Parse(text))
            {
                Assert.NotNull(mount.SuperOptions);
            }

            MountedHierarchy.Layout(MountedHierarchy.Select(MountInfo.Parse(text)));
            ProcessCgroups.Parse(text);
        });

    [Fact]
    public void A_written_line_is_read_back() =>
        Gen.Select(Gen.String[Gen.Char["ab \\\t\n/-"], 1, 20], Gen.Int[0, 9999], Gen.Bool).Sample((name, id, shared) =>
        {
            string escaped = string.Concat(name.Select(c => c is ' ' or '\\' or '\t' or '\n' ? $"\\{Convert.ToString(c, 8).PadLeft(3, '0')}" : $"{c}"));

            MountInfo mount = Assert.Single(MountInfo.Parse($"{id} 2 0:3 / /{escaped} rw{(shared ? " shared:1" : "")} - cgroup2 none rw"));

            Assert.Equal("/" + name, mount.MountPoint);
            Assert.Equal(id, mount.Id);
        });

    [Fact]
    public void Own_cgroups_are_found_by_controller()
    {
        ProcessCgroups own = ProcessCgroups.Parse("4:memory:/a/b:c\n3:cpu,cpuacct:/x\n1:name=systemd:/s\n0::/u\nbroken\n");

        Assert.Equal("/a/b:c", own["memory"]);
        Assert.Equal("/x", own["cpuacct"]);
        Assert.Equal("/s", own["name=systemd"]);
        Assert.Equal("/u", own.Unified);
        Assert.Null(own["pids"]);
    }
}
