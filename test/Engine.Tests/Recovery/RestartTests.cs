// SPDX-License-Identifier: Apache-2.0
using System.Text.RegularExpressions;
using Gantry.Engine.Containers;
using Gantry.Engine.Exec;
using Gantry.Engine.Pods;
using Gantry.Engine.Tests.Kit;

namespace Gantry.Engine.Tests.Recovery;

/// <summary>gantryd dies between calls and comes again.</summary>
public sealed partial class RestartTests
{
    [Fact]
    public async Task Pods_and_containers_run_on_and_are_taken_over()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        string running = await rig.StartContainerAsync(pod, "running");
        string created = await rig.CreateAsync(pod, "created");
        Container before = rig.Containers.Status(running);

        await rig.RestartAsync();

        Assert.Equal(SandboxState.Ready, rig.Pods.Status(pod).State);
        Assert.Equal(["10.9.0.1"], rig.Pods.Status(pod).Addresses);
        Container after = rig.Containers.Status(running);
        Assert.Equal(before.Status, after.Status);
        Assert.Equal(before.LogPath, after.LogPath);
        Assert.Equal(ContainerState.Created, rig.Containers.Status(created).State);
        await rig.Containers.StartAsync(created, CancellationToken.None);
        ExecResult result = await rig.Containers.ExecSyncAsync(running, ["ls"], null, CancellationToken.None);
        Assert.Equal(3, result.ExitCode);
        rig.Monitor(pod).Exit(running, 6);
        Assert.Equal(6, rig.Containers.Status(running).Status.ExitCode);
    }

    [Fact]
    public async Task A_container_that_ended_meanwhile_reports_its_true_code_and_time()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        string id = await rig.StartContainerAsync(pod);
        var at = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

        await rig.RestartAsync(() => rig.Monitor(pod).Exit(id, 42, at: at));

        ContainerStatus status = rig.Containers.Status(id).Status;
        Assert.Equal((42, at, "Error"), (status.ExitCode, status.FinishedAt, status.Reason));
        Assert.Equal(SandboxState.Ready, rig.Pods.Status(pod).State);
    }

    [Fact]
    public async Task A_monitor_that_died_meanwhile_leaves_the_exits_it_wrote()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        string ended = await rig.StartContainerAsync(pod, "ended");
        string running = await rig.StartContainerAsync(pod, "running");
        string created = await rig.CreateAsync(pod, "created");

        await rig.RestartAsync(() =>
        {
            rig.Monitor(pod).Exit(ended, 9, oom: true);
            rig.Monitor(pod).Kill();
        });

        Assert.Equal(SandboxState.NotReady, rig.Pods.Status(pod).State);
        Assert.Equal((9, "OOMKilled"), CodeAndReason(rig, ended));
        Assert.Equal((137, "MonitorLost"), CodeAndReason(rig, running));
        Assert.Equal((128, "StartError"), CodeAndReason(rig, created));
        Assert.Empty(rig.Cgroups());
        Assert.Empty(rig.World.Network.Attached);
        await rig.Pods.RemoveAsync(pod, CancellationToken.None);
        rig.AssertNothingLeft();
    }

    [Fact]
    public async Task After_a_reboot_pods_are_not_ready_and_what_nobody_saw_is_unknown()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        string ended = await rig.StartContainerAsync(pod, "ended");
        string running = await rig.StartContainerAsync(pod, "running");
        rig.Monitor(pod).Exit(ended, 7);

        await rig.RestartAsync(() =>
        {
            rig.Monitor(pod).Kill();
            Directory.Delete(rig.State, recursive: true);
            WriteAsIfBeforeABoot(Path.Combine(rig.Root, "pods"));
            WriteAsIfBeforeABoot(Path.Combine(rig.Root, "containers"));
        });

        Assert.Equal(SandboxState.NotReady, rig.Pods.Status(pod).State);
        Assert.Equal((7, "Error"), CodeAndReason(rig, ended));
        Assert.Equal((255, "Unknown"), CodeAndReason(rig, running));
        Assert.Empty(rig.World.Network.Reserved);
        await rig.Pods.RemoveAsync(pod, CancellationToken.None);
        rig.AssertNothingLeft();
    }

    [Fact]
    public async Task What_no_record_owns_is_removed()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        string container = await rig.StartContainerAsync(pod);
        string orphan = new('e', 64);
        rig.Context.Snapshots.Prepare(orphan, rig.ImageRecord.ChainIds);
        rig.Context.Volumes.Create(orphan, 0);

        await rig.RestartAsync(() =>
        {
            foreach (string record in Directory.EnumerateFiles(rig.Root, "*.json", SearchOption.AllDirectories))
            {
                File.Delete(record);
            }
        });

        Assert.Empty(rig.Pods.List(new PodFilter()));
        Assert.DoesNotContain(container, rig.Context.Snapshots.Containers());
        rig.AssertNothingLeft();
    }

    [Fact]
    public async Task A_damaged_record_costs_its_own_pod_only()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string damaged = await rig.RunPodAsync("damaged");
        await rig.StartContainerAsync(damaged);
        string whole = await rig.RunPodAsync("whole");
        string container = await rig.StartContainerAsync(whole);

        await rig.RestartAsync(() => File.WriteAllText(Path.Combine(rig.Root, "pods", damaged + ".json"), "{\"version\":1,"));

        Assert.Equal([whole], rig.Pods.List(new PodFilter()).Select(static p => p.Id));
        Assert.Equal(ContainerState.Running, rig.Containers.Status(container).State);
        Assert.False(rig.Monitor(damaged).Alive);
        Assert.Equal([whole], rig.World.Network.Reserved.Keys);
        await rig.Pods.RemoveAsync(whole, CancellationToken.None);
        rig.AssertNothingLeft();
    }

    private static (int?, string?) CodeAndReason(EngineRig rig, string id)
    {
        ContainerStatus status = rig.Containers.Status(id).Status;
        Assert.Equal(ContainerState.Exited, status.State);
        return (status.ExitCode, status.Reason);
    }

    private static void WriteAsIfBeforeABoot(string directory)
    {
        foreach (string path in Directory.EnumerateFiles(directory, "*.json"))
        {
            File.WriteAllText(path, BootId().Replace(File.ReadAllText(path), "\"bootId\":\"another\"", 1));
        }
    }

    [GeneratedRegex("\"bootId\":\"[^\"]*\"")]
    private static partial Regex BootId();
}
