// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Containers;
using Gantry.Engine.Tests.Kit;

namespace Gantry.Engine.Tests.Containers;

public sealed class ContainerStopTests
{
    private const int Terminate = 15;
    private const int Kill = 9;
    private static readonly TimeSpan s_long = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan s_short = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task A_container_that_obeys_its_stop_signal_is_not_killed()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        (string pod, string id) = await RunAsync(rig);

        await rig.Containers.StopAsync(id, s_long, CancellationToken.None).Soon();

        Assert.Equal([(id, Terminate, false)], rig.Monitor(pod).Signals);
        Assert.Equal(143, rig.Containers.Status(id).Status.ExitCode);
    }

    [Fact]
    public async Task The_stop_signal_of_the_request_is_used()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        string id = await rig.Containers.CreateAsync(pod, EngineRig.Container() with { StopSignal = 10 }, CancellationToken.None);
        await rig.Containers.StartAsync(id, CancellationToken.None);

        await rig.Containers.StopAsync(id, s_long, CancellationToken.None).Soon();

        Assert.Equal(10, Assert.Single(rig.Monitor(pod).Signals).Signal);
    }

    [Fact]
    public async Task After_the_grace_time_every_process_is_killed()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        (string pod, string id) = await RunAsync(rig);
        rig.Monitor(pod).Ignored[Terminate] = true;

        await rig.Containers.StopAsync(id, s_short, CancellationToken.None).Soon();

        Assert.Equal([(id, Terminate, false), (id, Kill, true)], rig.Monitor(pod).Signals);
        Assert.Equal(137, rig.Containers.Status(id).Status.ExitCode);
    }

    [Fact]
    public async Task No_grace_time_is_a_kill_at_once()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        (string pod, string id) = await RunAsync(rig);

        await rig.Containers.StopAsync(id, TimeSpan.Zero, CancellationToken.None).Soon();

        Assert.Equal([(id, Kill, true)], rig.Monitor(pod).Signals);
    }

    [Fact]
    public async Task A_second_stop_may_be_more_impatient_and_does_not_repeat_the_signal()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        (string pod, string id) = await RunAsync(rig);
        rig.Monitor(pod).Ignored[Terminate] = true;
        Task patient = rig.Containers.StopAsync(id, s_long, CancellationToken.None);

        Assert.Equal(ContainerState.Running, rig.Containers.Status(id).State);
        Assert.Single(rig.Containers.List(new ContainerFilter()));
        await rig.Containers.StopAsync(id, s_short, CancellationToken.None).Soon();
        await patient.Soon();

        Assert.Equal([(id, Terminate, false), (id, Kill, true)], rig.Monitor(pod).Signals);
    }

    [Fact]
    public async Task A_stop_whose_caller_gave_up_can_be_asked_for_again()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        (string pod, string id) = await RunAsync(rig);
        rig.Monitor(pod).Ignored[Terminate] = true;
        using var impatient = new CancellationTokenSource(s_short);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rig.Containers.StopAsync(id, s_long, impatient.Token));
        Assert.Equal(ContainerState.Running, rig.Containers.Status(id).State);
        await rig.Containers.StopAsync(id, TimeSpan.Zero, CancellationToken.None).Soon();

        Assert.Equal(ContainerState.Exited, rig.Containers.Status(id).State);
    }

    [Fact]
    public async Task Removing_during_a_stop_ends_both()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        (string pod, string id) = await RunAsync(rig);
        rig.Monitor(pod).Ignored[Terminate] = true;
        Task stop = rig.Containers.StopAsync(id, s_long, CancellationToken.None);

        await rig.Containers.RemoveAsync(id, CancellationToken.None).Soon();
        await stop.Soon();

        rig.AssertNoContainerLeft();
    }

    [Fact]
    public async Task A_container_that_does_not_run_is_stopped_already()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        string id = await rig.CreateAsync(pod);

        await rig.Containers.StopAsync(id, s_long, CancellationToken.None);
        await rig.Containers.StopAsync("absent", s_long, CancellationToken.None);

        Assert.Empty(rig.Monitor(pod).Signals);
    }

    private static async Task<(string Pod, string Container)> RunAsync(EngineRig rig)
    {
        string pod = await rig.RunPodAsync();
        return (pod, await rig.StartContainerAsync(pod));
    }
}
