// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Pods;
using Gantry.Engine.Tests.Kit;
using Gantry.MonitorApi;
using Gantry.Network;

namespace Gantry.Engine.Tests.Pods;

public sealed class PodRunTests
{
    [Fact]
    public async Task A_pod_is_ready_with_everything_it_owns_when_the_call_returns()
    {
        await using EngineRig rig = await EngineRig.StartAsync();

        string id = await rig.RunPodAsync();

        Pod pod = rig.Pods.Status(id);
        Assert.Equal(SandboxState.Ready, pod.State);
        Assert.Equal(["10.9.0.1"], pod.Addresses);
        Assert.Equal("uid-web", pod.Config.Metadata.Uid);
        Assert.Contains(id, rig.World.Network.Attached.Keys);
        Assert.NotEmpty(rig.Cgroups());
        Assert.Equal(id, rig.Monitor(id).Pod!.PodId);
        string directory = rig.Context.PodDirectory(id);
        Assert.Contains("10.9.0.1", await File.ReadAllTextAsync(directory + "/hosts", CancellationToken.None), StringComparison.Ordinal);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(directory));
    }

    [Fact]
    public async Task The_monitor_starts_while_the_network_is_made()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        var attaching = new TaskCompletionSource();
        rig.World.OnStep = step =>
        {
            if (step == "attach")
            {
                attaching.TrySetResult();
            }

            return step == "launch done" ? attaching.Task : Task.CompletedTask;
        };

        string id = await rig.RunPodAsync().Soon();

        Assert.Equal(SandboxState.Ready, rig.Pods.Status(id).State);
    }

    public static TheoryData<string> Steps =>
        ["reserve", "launch", "launch done", "attach", "attach done", "configure", "configure done"];

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_step_that_fails_leaves_nothing_behind_and_the_name_free(string step)
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        rig.World.Fail(step, new NetworkException(NetworkError.Failed, "scripted"));

        EngineException error = await Assert.ThrowsAsync<EngineException>(() => rig.RunPodAsync());

        Assert.Contains("scripted", error.Message, StringComparison.Ordinal);
        KillWhatAFailedLaunchLeft(rig, step);
        rig.AssertNothingLeft();
        rig.World.OnStep = null;
        Assert.Equal(SandboxState.Ready, rig.Pods.Status(await rig.RunPodAsync()).State);
    }

    [Theory]
    [InlineData("/../x")]
    [InlineData("relative")]
    [InlineData("/name-longer-than-the-kernel-takes")]
    [InlineData("/cgroup.procs")]
    public async Task A_cgroup_parent_that_is_no_clean_path_is_refused_before_anything_is_made(string parent)
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        PodConfig pod = EngineRig.Pod() with { CgroupParent = parent.Replace("longer", new string('r', 255), StringComparison.Ordinal) };

        EngineException error = await Assert.ThrowsAsync<EngineException>(() => rig.Pods.RunAsync(pod, "", CancellationToken.None));

        Assert.Equal(EngineError.InvalidArgument, error.Error);
        Assert.Empty(rig.World.Steps);
    }

    [Fact]
    public async Task A_pod_whose_undoing_fails_too_is_listed_until_it_can_be_removed()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        rig.World.OnStep = step => step is "configure" or "detach"
            ? Task.FromException(new NetworkException(NetworkError.Failed, "scripted"))
            : Task.CompletedTask;

        await Assert.ThrowsAsync<EngineException>(() => rig.RunPodAsync());

        Pod stuck = Assert.Single(rig.Pods.List(new PodFilter()));
        Assert.Equal(SandboxState.NotReady, stuck.State);
        rig.World.OnStep = null;
        await rig.Pods.RemoveAsync(stuck.Id, CancellationToken.None);
        rig.AssertNothingLeft();
    }

    [Fact]
    public async Task The_same_request_while_the_first_is_under_way_gets_its_result()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        TaskCompletionSource gate = rig.World.Hold("configure");
        Task<string> first = rig.RunPodAsync();
        Task<string> second = rig.RunPodAsync();

        Assert.Empty(rig.Pods.List(new PodFilter()));
        gate.SetResult();

        Assert.Equal(await first.Soon(), await second.Soon());
        Assert.Single(rig.World.Steps, static s => s == "launch");
    }

    /// <summary>containerd#4604: the retry of a call that timed out met its own reservation.</summary>
    [Fact]
    public async Task A_caller_that_gives_up_leaves_the_work_to_the_one_that_asks_again()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        TaskCompletionSource gate = rig.World.Hold("attach");
        using var impatient = new CancellationTokenSource();
        Task<string> first = rig.Pods.RunAsync(EngineRig.Pod(), "", impatient.Token);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        Task<string> second = rig.RunPodAsync();
        gate.SetResult();

        Assert.Equal(SandboxState.Ready, rig.Pods.Status(await second.Soon()).State);
        Assert.Single(rig.World.Steps, static s => s == "launch");
    }

    [Fact]
    public async Task A_request_whose_answer_was_lost_can_be_sent_again_with_its_maps_in_any_order()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string id = await rig.RunPodAsync();
        PodConfig again = EngineRig.Pod() with { Labels = new Dictionary<string, string> { ["tier"] = "front", ["app"] = "web" } };

        Assert.Equal(id, await rig.Pods.RunAsync(again, "", CancellationToken.None));
    }

    [Fact]
    public async Task Another_pod_of_the_same_name_and_attempt_is_refused_the_next_attempt_is_not()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string id = await rig.RunPodAsync();
        PodConfig other = EngineRig.Pod() with { Hostname = "other" };

        EngineException error = await Assert.ThrowsAsync<EngineException>(() => rig.Pods.RunAsync(other, "", CancellationToken.None));
        string next = await rig.Pods.RunAsync(EngineRig.Pod(attempt: 1), "", CancellationToken.None);

        Assert.Equal(EngineError.AlreadyExists, error.Error);
        Assert.NotEqual(id, next);
    }

    [Fact]
    public async Task Another_pod_of_the_same_name_is_refused_while_the_first_is_under_way()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        TaskCompletionSource gate = rig.World.Hold("attach");
        Task<string> first = rig.RunPodAsync();

        EngineException error = await Assert.ThrowsAsync<EngineException>(
            () => rig.Pods.RunAsync(EngineRig.Pod() with { Hostname = "other" }, "", CancellationToken.None));
        gate.SetResult();

        Assert.Equal(EngineError.AlreadyExists, error.Error);
        await first.Soon();
    }

    [Fact]
    public async Task An_unknown_runtime_handler_is_refused_before_anything_is_made()
    {
        await using EngineRig rig = await EngineRig.StartAsync();

        EngineException error = await Assert.ThrowsAsync<EngineException>(
            () => rig.Pods.RunAsync(EngineRig.Pod(), "kata", CancellationToken.None));

        Assert.Equal(EngineError.InvalidArgument, error.Error);
        Assert.Empty(rig.World.Steps);
    }

    [Fact]
    public async Task A_systemd_slice_on_a_cgroupfs_node_names_the_setting_to_change()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        PodConfig pod = EngineRig.Pod() with { CgroupParent = "kubepods-besteffort-pod1.slice" };

        EngineException error = await Assert.ThrowsAsync<EngineException>(() => rig.Pods.RunAsync(pod, "", CancellationToken.None));

        Assert.Equal(EngineError.FailedPrecondition, error.Error);
        Assert.Contains("cgroupDriver: cgroupfs", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lists_are_filtered_by_id_state_and_labels()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string a = await rig.RunPodAsync("a");
        string b = await rig.RunPodAsync("b");
        await rig.Pods.StopAsync(b, CancellationToken.None);

        Assert.Equal([a], Ids(new PodFilter { State = SandboxState.Ready }));
        Assert.Equal([b], Ids(new PodFilter { State = SandboxState.NotReady }));
        Assert.Equal([a], Ids(new PodFilter { Id = a }));
        Assert.Empty(Ids(new PodFilter { Id = a[..12] }));
        Assert.Equal([b], Ids(new PodFilter { Labels = new Dictionary<string, string> { ["app"] = "b", ["tier"] = "front" } }));
        Assert.Empty(Ids(new PodFilter { Id = a, Labels = new Dictionary<string, string> { ["app"] = "b" } }));

        string[] Ids(PodFilter filter) => [.. rig.Pods.List(filter).Select(static p => p.Id)];
    }

    // A monitor whose launch failed half way is the launcher's to kill; the scripted one leaves that to the test.
    private static void KillWhatAFailedLaunchLeft(EngineRig rig, string step)
    {
        if (step == "launch done")
        {
            Assert.All(rig.World.Monitors.Values, static m => Assert.False(m.Alive));
        }
    }
}
