// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Containers;
using Gantry.Engine.Pods;
using Gantry.Engine.Tests.Kit;
using Gantry.Network;

namespace Gantry.Engine.Tests.Pods;

public sealed class PodEndTests
{
    [Fact]
    public async Task A_stopped_pod_owns_nothing_in_the_kernel_but_is_still_listed()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        string container = await rig.StartContainerAsync(pod);

        await rig.Pods.StopAsync(pod, CancellationToken.None);

        Assert.Equal(SandboxState.NotReady, rig.Pods.Status(pod).State);
        ContainerStatus status = rig.Containers.Status(container).Status;
        Assert.Equal((ContainerState.Exited, 137), (status.State, status.ExitCode));
        Assert.False(rig.Monitor(pod).Alive);
        Assert.Empty(rig.World.Network.Attached);
        Assert.Empty(rig.Cgroups());
    }

    [Fact]
    public async Task Stop_and_remove_may_be_repeated_and_absent_is_success()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();

        await rig.Pods.StopAsync(pod, CancellationToken.None);
        await rig.Pods.StopAsync(pod, CancellationToken.None);
        await rig.Pods.RemoveAsync(pod, CancellationToken.None);
        await rig.Pods.RemoveAsync(pod, CancellationToken.None);
        await rig.Pods.StopAsync(pod, CancellationToken.None);

        Assert.Single(rig.World.Steps, static s => s == "detach");
        Assert.Equal(EngineError.NotFound, Assert.Throws<EngineException>(() => rig.Pods.Status(pod)).Error);
        rig.AssertNothingLeft();
    }

    [Fact]
    public async Task Remove_takes_a_running_pod_with_its_containers()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        await rig.StartContainerAsync(pod, "one");
        await rig.CreateAsync(pod, "two");

        await rig.Pods.RemoveAsync(pod, CancellationToken.None);

        rig.AssertNothingLeft();
    }

    [Theory]
    [InlineData("detach")]
    [InlineData("detach done")]
    public async Task A_stop_that_fails_can_be_repeated(string step)
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        rig.World.Fail(step, new NetworkException(NetworkError.PluginFailed, "scripted"));

        EngineException error = await Assert.ThrowsAsync<EngineException>(() => rig.Pods.StopAsync(pod, CancellationToken.None));
        Assert.Equal(SandboxState.NotReady, rig.Pods.Status(pod).State);
        rig.World.OnStep = null;
        await rig.Pods.RemoveAsync(pod, CancellationToken.None);

        Assert.Equal(EngineError.Unavailable, error.Error);
        rig.AssertNothingLeft();
    }

    [Fact]
    public async Task A_monitor_that_does_not_answer_does_not_keep_its_pod()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        string container = await rig.StartContainerAsync(pod);
        rig.World.Fail("shutdown", new OperationCanceledException("out of patience"));

        await rig.Pods.StopAsync(pod, CancellationToken.None);

        Assert.False(rig.Monitor(pod).Alive);
        Assert.Equal(137, rig.Containers.Status(container).Status.ExitCode);
    }

    [Fact]
    public async Task Removing_while_a_stop_is_under_way_waits_for_it()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        TaskCompletionSource gate = rig.World.Hold("detach");
        Task stop = rig.Pods.StopAsync(pod, CancellationToken.None);
        Task remove = rig.Pods.RemoveAsync(pod, CancellationToken.None);

        Assert.Equal(SandboxState.NotReady, Assert.Single(rig.Pods.List(new PodFilter())).State);
        gate.SetResult();
        await Task.WhenAll(stop, remove).Soon();

        rig.AssertNothingLeft();
    }

    [Fact]
    public async Task A_container_being_created_while_its_pod_is_stopped_leaves_nothing()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        TaskCompletionSource gate = rig.World.Hold("create");
        Task<string> create = rig.CreateAsync(pod);

        await rig.Pods.StopAsync(pod, CancellationToken.None).Soon();
        gate.SetResult();

        await Assert.ThrowsAsync<EngineException>(() => create.Soon());
        rig.AssertNoContainerLeft();
        await rig.Pods.RemoveAsync(pod, CancellationToken.None);
        rig.AssertNothingLeft();
    }

    [Fact]
    public async Task A_stopped_pod_takes_no_container()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        await rig.Pods.StopAsync(pod, CancellationToken.None);

        EngineException error = await Assert.ThrowsAsync<EngineException>(() => rig.CreateAsync(pod));

        Assert.Equal(EngineError.FailedPrecondition, error.Error);
        rig.AssertNoContainerLeft();
    }

    [Fact]
    public async Task A_monitor_that_dies_takes_its_containers_and_the_pods_readiness()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        string ended = await rig.StartContainerAsync(pod, "ended");
        string running = await rig.StartContainerAsync(pod, "running");
        rig.Monitor(pod).Exit(ended, 4);

        rig.Monitor(pod).Kill();
        await rig.Context.Containers[running].Exited.Soon();

        Assert.Equal(SandboxState.NotReady, rig.Pods.Status(pod).State);
        ContainerStatus status = rig.Containers.Status(running).Status;
        Assert.Equal((137, ContainerStatus.MonitorLost), (status.ExitCode, status.Reason));
        Assert.Equal(4, rig.Containers.Status(ended).Status.ExitCode);
        await rig.Pods.RemoveAsync(pod, CancellationToken.None);
        rig.AssertNothingLeft();
    }

    [Fact]
    public async Task A_connection_that_breaks_while_the_monitor_lives_is_made_again()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        string container = await rig.StartContainerAsync(pod);
        ScriptedMonitor monitor = rig.Monitor(pod);
        Monitors.IMonitorListener listener = monitor.Listener!;
        monitor.Listener = null;
        monitor.Exit(container, 5);

        listener.Disconnected();
        await rig.Context.Containers[container].Exited.Soon();

        Assert.Equal(SandboxState.Ready, rig.Pods.Status(pod).State);
        Assert.Equal(5, rig.Containers.Status(container).Status.ExitCode);
    }
}
