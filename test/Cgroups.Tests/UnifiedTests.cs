// SPDX-License-Identifier: Apache-2.0
using Gantry.Cgroups.Devices;
using Gantry.Interop;
using Gantry.Interop.Control;
using Gantry.Interop.Processes;
using Gantry.Interop.Spawn;
using Gantry.Oci.Runtime;
using Process = System.Diagnostics.Process;

namespace Gantry.Cgroups.Tests;

/// <summary>The v2 way of doing things, on a real cgroup2 mount: on a hybrid node one without controllers.</summary>
public sealed class UnifiedTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    [Fact]
    public void A_cgroup2_mount_alone_is_the_unified_layout()
    {
        using TestCgroup test = TestCgroup.OnUnified();

        Assert.Equal(CgroupLayout.Unified, test.Hierarchies.Layout);
        Assert.Empty(test.Group.V1);
        Assert.Equal("", Assert.Single(test.Group.Directories).Name);
    }

    [Fact]
    public void A_child_is_born_inside_by_CLONE_INTO_CGROUP()
    {
        using TestCgroup test = TestCgroup.OnUnified();
        using CgroupJoin join = test.Group.OpenJoin();
        ChildStub.EnsureLoaded();
        using SyscallList list = new();
        list.Add(SyscallNumber.SYS_execve, "execve", "sleep", [list.Text("/bin/sleep"), list.TextArray(["sleep", "60"]), list.TextArray([])]);

        SpawnedChild child = ChildStub.Spawn(list, 0, join.Unified);

        using OwnedFd pidfd = child.Pidfd;
        Assert.Empty(join.TaskFiles);
        Assert.Equal([child.Pid], test.Group.ReadProcesses());
        test.Group.KillAll(s_patience);
        Assert.True(Pidfd.WaitForExit(pidfd, s_patience));
        Assert.Equal(9, Pidfd.TryReap(pidfd)!.Value.Status);
    }

    [Fact]
    public void Freezing_is_complete_when_it_returns_and_thawing_resumes()
    {
        using TestCgroup test = TestCgroup.OnUnified();
        Process process = test.Start("while :; do echo x; done");

        test.Group.Freeze(s_patience);
        string frozen = test.Group.Unified!.Read("cgroup.events");
        test.Group.Thaw();

        Assert.Contains("frozen 1", frozen, StringComparison.Ordinal);
        Assert.Contains("frozen 0", test.Group.Unified.Read("cgroup.events"), StringComparison.Ordinal);
        Assert.Equal("x", process.StandardOutput.ReadLine());
    }

    [Fact]
    public void Killing_reaches_frozen_processes_and_groups_below()
    {
        using TestCgroup test = TestCgroup.OnUnified();
        Process process = test.Start("sleep 60 & sleep 60 & wait");
        using Cgroup pod = Cgroup.TryOpen(test.Hierarchies, test.Path[..test.Path.LastIndexOf('/')])!;
        test.Group.Freeze(s_patience);

        pod.KillAll(s_patience);

        Assert.True(process.WaitForExit(s_patience));
        Assert.Empty(pod.ReadProcesses());
    }

    [Fact]
    public void Deleting_kills_and_removes_everything_below()
    {
        using TestCgroup test = TestCgroup.OnUnified();
        Process process = test.Start("sleep 60");
        string pod = test.Path[..test.Path.LastIndexOf('/')];

        Cgroup.Delete(test.Hierarchies, pod, s_patience);

        Assert.True(process.WaitForExit(s_patience));
        Assert.Null(Cgroup.TryOpen(test.Hierarchies, pod));
    }

    [Fact]
    public void Device_rules_become_a_program_that_denies()
    {
        using TestCgroup test = TestCgroup.OnUnified();
        LinuxDeviceRule denyAll = new() { Allow = false, Access = "rwm" };
        test.Group.Apply(new LinuxResources { Devices = [denyAll, .. StandardDevices.Rules] });
        Process process = test.Start("echo x > /dev/null && echo null; head -c 1 /dev/kmsg || echo no-kmsg; head -c 1 /dev/urandom > /dev/null && echo urandom");

        string[] lines = process.StandardOutput.ReadToEnd().Split('\n');

        Assert.Equal(["null", "no-kmsg", "urandom", ""], lines);
    }

    [Theory]
    [InlineData("memory.limit")]
    [InlineData("cpu.shares")]
    [InlineData("pids.limit")]
    public void A_limit_whose_controller_is_not_enabled_is_an_error_that_names_the_file(string which)
    {
        using TestCgroup test = TestCgroup.OnUnified();
        string controller = which.Split('.')[0];
        Assert.SkipWhen(test.Hierarchies.Controllers.Contains(controller), "the controller is there");
        LinuxResources resources = which switch
        {
            "memory.limit" => new LinuxResources { Memory = new LinuxMemory { Limit = 1 << 24 } },
            "cpu.shares" => new LinuxResources { Cpu = new LinuxCpu { Shares = 100 } },
            _ => new LinuxResources { Pids = new LinuxPids { Limit = 100 } },
        };

        var error = Assert.Throws<CgroupException>(() => test.Group.Apply(resources));

        Assert.StartsWith($"linux.resources.{controller}", error.Field, StringComparison.Ordinal);
        Assert.Contains($"{controller}.", error.Accepted, StringComparison.Ordinal);
    }

    [Fact]
    public void Cpu_time_is_counted_without_any_controller()
    {
        using TestCgroup test = TestCgroup.OnUnified();
        test.Start("i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done; echo ready; sleep 60").StandardOutput.ReadLine();

        Assert.InRange(test.Group.ReadStats().CpuUsageNanoseconds!.Value, 1_000_000UL, 60_000_000_000UL);
    }

    [Fact]
    public void A_group_without_a_memory_controller_counts_no_kills()
    {
        using TestCgroup test = TestCgroup.OnUnified();

        Assert.Equal(0UL, test.Group.ReadOomKills());
    }

    // memory.events needs the controller; cgroup.events is announced in the same way.
    [Fact]
    public void A_watched_control_file_signals_its_changes()
    {
        using TestCgroup test = TestCgroup.OnUnified();
        using OwnedFd watch = ChangeNotice.OpenWatch(test.Group.Unified!, "cgroup.events");
        bool before = ChangeNotice.Drain(watch);

        test.Start("sleep 60");

        Assert.False(before);
        Assert.True(SpinWait.SpinUntil(() => ChangeNotice.Drain(watch), s_patience));
    }
}
