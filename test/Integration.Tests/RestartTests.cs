// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using Gantry.Engine.Containers;
using Gantry.Engine.Pods;

namespace Gantry.Integration.Tests;

/// <summary>gantryd comes and goes; pods do not notice. Monitors die; nothing of their pods survives them.</summary>
public sealed class RestartTests
{
    [Fact]
    public async Task Containers_run_on_without_gantryd_and_their_ends_are_known_afterwards()
    {
        await using TestNode node = await TestNode.StartAsync();
        string pod = await node.RunPodAsync();
        string counter = await node.StartContainerAsync(pod, "i=0; while :; do i=$((i+1)); echo line $i; sleep 0.05; done");
        string shortLived = await node.StartContainerAsync(pod, "while [ ! -e /dev/shm/end ]; do sleep 0.05; done; exit 42");
        await node.ExecAsync(counter, "(sleep 0.5; touch /dev/shm/end) & true");
        int pid = node.Engine.Containers.Status(counter).Status.Pid!.Value;
        int before = 0;
        int after = 0;

        await node.RestartAsync(async () =>
        {
            string path = Directory.GetFiles(node.Logs, "*.log", SearchOption.AllDirectories).MaxBy(static f => new FileInfo(f).Length)!;
            before = File.ReadAllLines(path).Length;
            await TestNode.EventuallyAsync(() => (after = File.ReadAllLines(path).Length) > before + 20);
        });

        ContainerStatus running = node.Engine.Containers.Status(counter).Status;
        Assert.Equal((ContainerState.Running, pid), (running.State, running.Pid));
        ContainerStatus ended = await node.ExitOfAsync(shortLived);
        Assert.Equal(42, ended.ExitCode);
        Assert.True(after > before);
        await node.Engine.Containers.StopAsync(counter, TimeSpan.Zero, TestNode.Token);
        string[] lines = node.Log(counter).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Enumerable.Range(1, lines.Length).Select(static i => $"line {i}"), lines);
        await node.Engine.Pods.RemoveAsync(pod, TestNode.Token);
        await node.AssertNoLeaksAsync();
    }

    [Fact]
    public async Task A_killed_monitor_takes_its_containers_with_it_and_its_pod_can_be_removed()
    {
        await using TestNode node = await TestNode.StartAsync();
        string pod = await node.RunPodAsync();
        string container = await node.StartContainerAsync(pod, "while :; do sleep 1; done");
        int pid = node.Engine.Containers.Status(container).Status.Pid!.Value;
        using Process monitor = Process.GetProcessById(node.Engine.Pods.Status(pod).MonitorPid!.Value);

        monitor.Kill();
        ContainerStatus status = await node.ExitOfAsync(container);

        Assert.Equal((137, "MonitorLost"), (status.ExitCode, status.Reason));
        Assert.Equal(SandboxState.NotReady, node.Engine.Pods.Status(pod).State);
        await TestNode.EventuallyAsync(() => !Directory.Exists($"/proc/{pid}"));
        await node.Engine.Pods.RemoveAsync(pod, TestNode.Token);
        await node.AssertNoLeaksAsync();
    }

    [Fact]
    public async Task A_monitor_that_is_killed_while_gantryd_is_away_is_noticed_at_start()
    {
        await using TestNode node = await TestNode.StartAsync();
        string pod = await node.RunPodAsync();
        string container = await node.StartContainerAsync(pod, "while :; do sleep 1; done");
        using Process monitor = Process.GetProcessById(node.Engine.Pods.Status(pod).MonitorPid!.Value);

        await node.RestartAsync(async () =>
        {
            monitor.Kill();
            await monitor.WaitForExitAsync(TestNode.Token);
        });

        ContainerStatus status = node.Engine.Containers.Status(container).Status;
        Assert.Equal((137, "MonitorLost"), (status.ExitCode, status.Reason));
        await node.Engine.Pods.RemoveAsync(pod, TestNode.Token);
        await node.AssertNoLeaksAsync();
    }
}
