// SPDX-License-Identifier: Apache-2.0
using Gantry.MonitorApi;
using Gantry.Oci.Runtime;

namespace Gantry.Monitor.Tests.Pods;

public sealed class ContainerLifeTests
{
    [Fact]
    public async Task Output_and_exit_code_are_on_disk_when_the_exit_is_told()
    {
        await using TestPod pod = await TestPod.StartAsync();
        string id = await pod.RunAsync("echo out; echo err >&2; printf tail; exit 42");

        ContainerExit exit = await pod.ExitOfAsync(id);

        Assert.Equal(42, exit.ExitCode);
        Assert.False(exit.OomKilled);
        Assert.Equal(exit, ExitRecords.TryRead(pod.Directory, id));
        string[] log = pod.Log(id);
        Assert.Equal(["stderr F err", "stdout F out", "stdout P tail"], log.Order(StringComparer.Ordinal));
        Assert.Equal(MonitoredState.Exited, Assert.Single((await pod.Client.ListAsync(TestPod.Token)).Containers).State);
    }

    [Fact]
    public async Task A_container_is_created_once_started_once_and_deleted_often()
    {
        await using TestPod pod = await TestPod.StartAsync();
        string id = await pod.RunAsync("sleep 1000");

        MonitorException again = await Assert.ThrowsAsync<MonitorException>(() => pod.Client.StartAsync(id, TestPod.Token));
        await pod.Client.DeleteAsync(id, TestPod.Token);
        await pod.Client.DeleteAsync(id, TestPod.Token);
        MonitorException gone = await Assert.ThrowsAsync<MonitorException>(() => pod.Client.StartAsync(id, TestPod.Token));

        Assert.Equal(MonitorErrorKind.FailedPrecondition, again.Kind);
        Assert.Equal(MonitorErrorKind.NotFound, gone.Kind);
        Assert.Equal(137, ExitRecords.TryRead(pod.Directory, id)!.ExitCode);
        Assert.Empty((await pod.Client.ListAsync(TestPod.Token)).Containers);
    }

    [Fact]
    public async Task A_signal_reaches_the_first_process_or_all()
    {
        await using TestPod pod = await TestPod.StartAsync();
        string one = await pod.RunAsync("trap 'exit 7' TERM; echo up; while :; do sleep 0.1; done");
        string all = await pod.RunAsync("trap 'echo parent; exit 8' USR1; sh -c \"trap 'echo child; exit' USR1; echo up; while :; do sleep 0.05; done\" & echo up; wait; wait");
        await WaitForLogAsync(pod, one, "stdout F up", 1);
        await WaitForLogAsync(pod, all, "stdout F up", 2);

        await pod.Client.SignalAsync(one, 15, all: false, TestPod.Token);
        Assert.Equal(7, (await pod.ExitOfAsync(one)).ExitCode);
        await pod.Client.SignalAsync(all, 10, all: true, TestPod.Token);
        Assert.Equal(8, (await pod.ExitOfAsync(all)).ExitCode);

        Assert.Contains("stdout F parent", pod.Log(all));
        await pod.Client.SignalAsync(one, 9, all: false, TestPod.Token); // ended already: no error
    }

    [Fact]
    public async Task A_start_that_fails_says_why_and_can_be_tried_again()
    {
        await using TestPod pod = await TestPod.StartAsync();
        string id = await pod.CreateAsync("true");
        string shell = Path.Combine(pod.Directory, "image/bin/sh");
        File.Delete(shell);

        MonitorException error = await Assert.ThrowsAsync<MonitorException>(() => pod.Client.StartAsync(id, TestPod.Token));
        File.CreateSymbolicLink(shell, "busybox");

        Assert.Equal(MonitorErrorKind.LaunchFailed, error.Kind);
        Assert.Equal(127, error.Error.ExitCode);
        Assert.Equal(MonitoredState.Created, Assert.Single((await pod.Client.ListAsync(TestPod.Token)).Containers).State);
    }

    [Fact]
    public async Task A_terminal_is_logged_as_it_was_written()
    {
        await using TestPod pod = await TestPod.StartAsync();
        string id = await pod.RunAsync("test -t 0 && test -t 1 && echo terminal", terminal: true);

        Assert.Equal(0, (await pod.ExitOfAsync(id)).ExitCode);
        Assert.Equal(["stdout F terminal\r"], pod.Log(id));
    }

    [Fact]
    public async Task Out_of_memory_is_told_of_the_run_in_which_it_happened_and_of_no_other()
    {
        await using TestPod pod = await TestPod.StartAsync();
        LinuxResources small = new() { Memory = new LinuxMemory { Limit = 16 << 20 } };
        string victim = await pod.RunAsync("tail /dev/zero", small);
        ContainerExit killed = await pod.ExitOfAsync(victim);
        string later = await pod.RunAsync("exit 1", small);
        ContainerExit plain = await pod.ExitOfAsync(later);
        string survivor = await pod.RunAsync("tail /dev/zero; exit 3", small);
        ContainerExit child = await pod.ExitOfAsync(survivor);

        Assert.Equal((137, true), (killed.ExitCode, killed.OomKilled));
        Assert.Equal((1, false), (plain.ExitCode, plain.OomKilled));
        Assert.Equal((3, true), (child.ExitCode, child.OomKilled));
        Assert.Contains(pod.Seen, e => e is MonitorEvent.OutOfMemory oom && oom.ContainerId == victim);
        Assert.DoesNotContain(pod.Seen, e => e is MonitorEvent.OutOfMemory oom && oom.ContainerId == later);
    }

    [Fact]
    public async Task With_the_hosts_processes_all_of_the_container_ends_with_its_first_and_orphans_are_collected()
    {
        await using TestPod pod = await TestPod.StartAsync();
        string id = await pod.RunAsync("setsid sleep 1000 & setsid sh -c 'sleep 0 & exec sleep 1000' & sleep 0.3; exit 5", hostPid: true);

        Assert.Equal(5, (await pod.ExitOfAsync(id)).ExitCode);

        await pod.Client.DeleteAsync(id, TestPod.Token);
        string children = await File.ReadAllTextAsync($"/proc/{pod.Client.Pid}/task/{pod.Client.Pid}/children", TestPod.Token);
        Assert.Equal("", children.Trim());
    }

    [Theory]
    [InlineData("")]
    [InlineData("../escape")]
    [InlineData(".hidden")]
    [InlineData("a/b")]
    public async Task A_name_that_is_no_file_name_is_refused(string id)
    {
        await using TestPod pod = await TestPod.StartAsync();

        MonitorException error = await Assert.ThrowsAsync<MonitorException>(() => pod.Client.CreateAsync(
            new CreateContainer
            {
                ContainerId = id,
                Spec = System.Text.Json.JsonDocument.Parse("{}").RootElement,
                Rootfs = new RootfsLayers { Lower = [], Upper = "", Work = "" },
                User = new ProcessUser(),
            },
            TestPod.Token));

        Assert.Equal(MonitorErrorKind.InvalidArgument, error.Kind);
    }

    private static async Task WaitForLogAsync(TestPod pod, string id, string record, int times)
    {
        await TestPod.UntilAsync(() => Task.FromResult(pod.Log(id).Count(line => line == record) >= times));
    }
}
