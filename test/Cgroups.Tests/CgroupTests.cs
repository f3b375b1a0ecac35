// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using Gantry.Interop;

namespace Gantry.Cgroups.Tests;

public sealed class CgroupTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    [Fact]
    public void A_new_group_exists_in_every_hierarchy()
    {
        using TestCgroup test = new();

        Assert.All(test.Group.V1, g => Assert.True(Directory.Exists(g.Directory.Path), g.Directory.Path));
        Assert.Equal(test.Hierarchies.V1.Count, test.Group.V1.Count);
        Assert.Equal(test.Hierarchies.Layout != CgroupLayout.Legacy, test.Group.Unified is not null);
    }

    [Fact]
    public void A_new_cpuset_takes_cpus_and_nodes_of_its_parent()
    {
        using TestCgroup test = new();
        Assert.SkipWhen(test.IsUnified, "cgroup v2 inherits by itself");

        Assert.NotEmpty(test.Read("cpuset", "cpuset.cpus"));
        Assert.NotEmpty(test.Read("cpuset", "cpuset.mems"));
    }

    [Fact]
    public void Creating_twice_opens_the_same_group()
    {
        using TestCgroup test = new();

        using Cgroup again = Cgroup.Create(test.Hierarchies, test.Path);

        Assert.Equal(test.Path, again.Path);
    }

    [Fact]
    public void A_joined_process_is_in_the_group_in_every_hierarchy()
    {
        using TestCgroup test = new();

        Process process = test.Start("sleep 60");

        Assert.Equal([process.Id], test.Group.ReadProcesses().Where(p => p == process.Id));
        string cgroups = File.ReadAllText($"/proc/{process.Id}/cgroup");
        Assert.All(cgroups.Trim().Split('\n'), line => Assert.EndsWith(test.Path, line, StringComparison.Ordinal));
    }

    [Fact]
    public void Processes_of_groups_below_are_listed_too()
    {
        using TestCgroup test = new();
        Process process = test.Start("sleep 60");

        using Cgroup pod = Cgroup.TryOpen(test.Hierarchies, test.Path[..test.Path.LastIndexOf('/')])!;

        Assert.Contains(process.Id, pod.ReadProcesses());
    }

    [Fact]
    public void Killing_ends_every_process_and_their_offspring()
    {
        using TestCgroup test = new();
        test.Start("sleep 60 & sleep 60 & (setsid sleep 60 &) ; wait");
        Process other = test.Start("trap '' TERM HUP INT; while :; do sleep 0.01; done");

        test.Group.KillAll(s_patience);

        Assert.Empty(test.Group.ReadProcesses());
        Assert.True(other.WaitForExit(s_patience));
    }

    [Fact]
    public void Killing_works_on_a_frozen_group_and_leaves_it_thawed()
    {
        using TestCgroup test = new();
        Process process = test.Start("sleep 60");
        test.Group.Freeze(s_patience);

        test.Group.KillAll(s_patience);

        Assert.True(process.WaitForExit(s_patience));
        Process next = test.Start("exit 7");
        Assert.True(next.WaitForExit(s_patience));
        Assert.Equal(7, next.ExitCode);
    }

    [Fact]
    public void Killing_one_by_one_reaches_a_process_that_is_only_in_v1()
    {
        using TestCgroup test = new();
        Assert.SkipWhen(test.IsUnified, "no v1 hierarchy");
        using Process process = Process.Start("sleep", "60");
        File.WriteAllText(test.Group.DirectoryOf("pids")!.Path + "/cgroup.procs", $"{process.Id}");

        test.Group.KillAll(s_patience);

        Assert.True(process.WaitForExit(s_patience));
    }

    [Fact]
    public void A_frozen_process_makes_no_progress_until_thawed()
    {
        using TestCgroup test = new();
        Process process = test.Start("while read line; do echo got $line; done < /dev/stdin & i=0; while :; do i=$((i+1)); echo $i; done");
        test.Group.Freeze(s_patience);

        ulong before = CpuTicks(process.Id);
        SpinWait.SpinUntil(() => false, 50);
        ulong frozen = CpuTicks(process.Id);
        test.Group.Thaw();
        bool moved = SpinWait.SpinUntil(() => process.StandardOutput.ReadLine() is not null && CpuTicks(process.Id) > frozen, s_patience);

        Assert.Equal(before, frozen);
        Assert.True(moved);
    }

    [Fact]
    public void Freezing_that_takes_too_long_is_undone()
    {
        using TestCgroup test = new();
        Assert.SkipWhen(test.IsUnified, "cgroup v2 freezes a sleeping process at once");
        Process process = test.Start("sleep 0.2; exit 3");

        Assert.Throws<TimeoutException>(() => test.Group.Freeze(TimeSpan.Zero));

        Assert.True(process.WaitForExit(s_patience));
        Assert.Equal(3, process.ExitCode);
    }

    [Fact]
    public void Deleting_kills_and_removes_everything_below()
    {
        using TestCgroup test = new();
        Process process = test.Start("sleep 60");
        string pod = test.Path[..test.Path.LastIndexOf('/')];

        Cgroup.Delete(test.Hierarchies, pod, s_patience);

        Assert.True(process.WaitForExit(s_patience));
        Assert.Null(Cgroup.TryOpen(test.Hierarchies, pod));
    }

    [Fact]
    public void Deleting_what_is_absent_succeeds()
    {
        using TestCgroup test = new();

        Cgroup.Delete(test.Hierarchies, test.Path + "/never/made", s_patience);

        using Cgroup? parent = Cgroup.TryOpen(test.Hierarchies, test.Path);
        Assert.NotNull(parent);
    }

    [Fact]
    public void A_failed_creation_leaves_nothing_behind()
    {
        using TestCgroup test = new();
        string taken = test.Hierarchies.Layout == CgroupLayout.Unified ? "cgroup.procs" : "tasks";
        Assert.SkipWhen(test.IsUnified, "names of control files are refused beforehand");

        Assert.ThrowsAny<Exception>(() => Cgroup.Create(test.Hierarchies, $"{test.Path}/new/{taken}/x"));

        Assert.Null(Cgroup.TryOpen(test.Hierarchies, $"{test.Path}/new"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("relative")]
    [InlineData("/a//b")]
    [InlineData("/a/../b")]
    [InlineData("/a/./b")]
    [InlineData("/a/b/")]
    [InlineData("/a\nb")]
    [InlineData("/a\0b")]
    [InlineData("/a/cgroup.procs")]
    public void A_path_that_could_lead_elsewhere_is_refused(string path)
    {
        using CgroupHierarchies hierarchies = CgroupHierarchies.Detect();

        var error = Assert.Throws<CgroupException>(() => Cgroup.Create(hierarchies, path));

        Assert.Equal("linux.cgroupsPath", error.Field);
    }

    [Fact]
    public void Descriptors_are_closed_again()
    {
        string path;
        using (TestCgroup test = new())
        {
            path = test.Path;
            using CgroupJoin join = test.Group.OpenJoin();
            Assert.NotEmpty(DescriptorsOf(path));
            Assert.ThrowsAny<Exception>(() => Cgroup.Create(test.Hierarchies, $"{path}/{new string('x', 255)}/tasks/y"));
        }

        Assert.Empty(DescriptorsOf(path));
    }

    private static List<string> DescriptorsOf(string path) =>
        Directory.GetFiles("/proc/self/fd").Select(f => new FileInfo(f).LinkTarget ?? "")
            .Where(t => t.Contains(path, StringComparison.Ordinal)).ToList();

    private static ulong CpuTicks(int pid)
    {
        string[] fields = File.ReadAllText($"/proc/{pid}/stat").Split(' ');
        return ulong.Parse(fields[13]) + ulong.Parse(fields[14]);
    }
}
