// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Containers;
using Gantry.Engine.Pods;
using Gantry.Engine.Tests.Kit;

namespace Gantry.Engine.Tests.Recovery;

/// <summary>
/// gantryd dies in the middle of a call, before and after each step that it asks of the outside world. Whatever the step, the
/// next gantryd has finished or undone the call when it begins to serve, and removing what is listed leaves nothing.
/// </summary>
public sealed class CrashTests
{
    [Fact]
    public async Task While_a_pod_is_run() => await AtEveryStepAsync(
        static _ => Task.CompletedTask,
        static async rig => await rig.RunPodAsync(),
        static rig => Assert.All(rig.Pods.List(new PodFilter()), static p => Assert.Equal(SandboxState.Ready, p.State)),
        leavesNothing: true);

    [Fact]
    public async Task While_a_container_is_created() => await AtEveryStepAsync(
        static async rig => await rig.RunPodAsync(),
        static async rig => await rig.CreateAsync(OnlyPod(rig).Id),
        static rig =>
        {
            Pod pod = OnlyPod(rig);
            Assert.Equal(SandboxState.Ready, pod.State);
            Assert.Equal(
                rig.Containers.List(new ContainerFilter()).Select(static c => c.Id), rig.Monitor(pod.Id).Containers.Keys);
            Assert.Equal(
                rig.Containers.List(new ContainerFilter()).Select(static c => c.Id), rig.Context.Snapshots.Containers());
        });

    [Fact]
    public async Task While_a_container_is_started() => await AtEveryStepAsync(
        static async rig => await rig.CreateAsync(await rig.RunPodAsync()),
        static async rig => await rig.Containers.StartAsync(OnlyContainer(rig).Id, CancellationToken.None),
        static rig =>
        {
            Container container = OnlyContainer(rig);
            bool runs = rig.Monitor(container.PodId).Containers[container.Id].State.State == MonitorApi.MonitoredState.Running;
            Assert.Equal(runs ? ContainerState.Running : ContainerState.Created, container.State);
        });

    [Fact]
    public async Task While_a_container_is_stopped() => await AtEveryStepAsync(
        static async rig => await rig.StartContainerAsync(await rig.RunPodAsync()),
        static async rig => await rig.Containers.StopAsync(OnlyContainer(rig).Id, TimeSpan.FromMinutes(1), CancellationToken.None),
        static rig =>
        {
            Container container = OnlyContainer(rig);
            bool ended = rig.Monitor(container.PodId).Containers[container.Id].State.Exit is not null;
            Assert.Equal(ended ? ContainerState.Exited : ContainerState.Running, container.State);
            Assert.Equal(ended ? 143 : null, container.Status.ExitCode);
        });

    [Fact]
    public async Task While_a_container_is_removed() => await AtEveryStepAsync(
        static async rig => await rig.StartContainerAsync(await rig.RunPodAsync()),
        static async rig => await rig.Containers.RemoveAsync(OnlyContainer(rig).Id, CancellationToken.None),
        static rig =>
        {
            rig.AssertNoContainerLeft();
            Assert.Empty(rig.Monitor(OnlyPod(rig).Id).Containers);
        });

    [Fact]
    public async Task While_a_pod_is_stopped() => await AtEveryStepAsync(
        static async rig => await rig.StartContainerAsync(await rig.RunPodAsync()),
        static async rig => await rig.Pods.StopAsync(OnlyPod(rig).Id, CancellationToken.None),
        static rig =>
        {
            Assert.Equal(SandboxState.NotReady, OnlyPod(rig).State);
            Assert.Equal((ContainerState.Exited, 137), (OnlyContainer(rig).State, OnlyContainer(rig).Status.ExitCode));
            Assert.Empty(rig.World.Network.Reserved);
            Assert.Empty(rig.Cgroups());
        });

    [Fact]
    public async Task While_a_pod_is_removed() => await AtEveryStepAsync(
        static async rig => await rig.StartContainerAsync(await rig.RunPodAsync()),
        static async rig => await rig.Pods.RemoveAsync(OnlyPod(rig).Id, CancellationToken.None),
        static rig => Assert.All(rig.Pods.List(new PodFilter()), static p => Assert.Equal(SandboxState.NotReady, p.State)));

    /// <param name="leavesNothing">A call that had not come to its end has left no trace.</param>
    private static async Task AtEveryStepAsync(
        Func<EngineRig, Task> before, Func<EngineRig, Task> call, Action<EngineRig> afterwards, bool leavesNothing = false)
    {
        int steps = await CountAsync(before, call);
        Assert.True(steps > 0, "the call asks nothing of the outside world");
        for (int step = 0; step < steps; step++)
        {
            await using EngineRig rig = await EngineRig.StartAsync();
            await before(rig);
            rig.World.CrashAt(step);
            Task dead = call(rig);
            await UntilStepAsync(rig, step, dead);

            await rig.RestartAsync().Soon();

            afterwards(rig);
            if (leavesNothing)
            {
                rig.AssertNothingLeft();
            }

            foreach (Pod pod in rig.Pods.List(new PodFilter()))
            {
                await rig.Pods.RemoveAsync(pod.Id, CancellationToken.None).Soon();
            }

            rig.AssertNothingLeft();
        }
    }

    private static async Task<int> CountAsync(Func<EngineRig, Task> before, Func<EngineRig, Task> call)
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        await before(rig);
        int first = rig.World.Steps.Count;
        await call(rig).Soon();
        return rig.World.Steps.Count - first;
    }

    // The dead call stands still at its step; what ran beside it (a launch beside an attach) comes to its own end.
    private static async Task UntilStepAsync(EngineRig rig, int step, Task dead)
    {
        await Task.Delay(20);
        Assert.False(dead.IsCompleted, $"the call went on after step {step}: {string.Join(", ", rig.World.Steps)}");
    }

    private static Pod OnlyPod(EngineRig rig) => Assert.Single(rig.Pods.List(new PodFilter()));

    private static Container OnlyContainer(EngineRig rig) => Assert.Single(rig.Containers.List(new ContainerFilter()));
}
