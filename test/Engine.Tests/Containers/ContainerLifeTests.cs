// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Containers;
using Gantry.Engine.Exec;
using Gantry.Engine.Tests.Kit;
using Gantry.MonitorApi;

namespace Gantry.Engine.Tests.Containers;

public sealed class ContainerLifeTests
{
    [Fact]
    public async Task A_created_container_has_what_the_request_and_the_image_say()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();

        string id = await rig.CreateAsync(pod);

        Container container = rig.Containers.Status(id);
        Assert.Equal(ContainerState.Created, container.State);
        Assert.Equal(rig.ImageRecord.Id.ToString(), container.ImageId);
        Assert.Equal(container.ImageId, container.ImageRef);
        Assert.Equal("/var/log/pods/web/main/0.log", container.LogPath);
        Assert.Equal((1000u, 100u), (container.User!.Uid, container.User.Gid));
        CreateContainer sent = rig.Monitor(pod).Containers[id].Request;
        Assert.Equal(container.LogPath, sent.LogPath);
        Assert.Equal("/data", Assert.Single(sent.Volumes).Destination);
        Assert.True(Directory.Exists(sent.Volumes[0].Source));
        Assert.True(Directory.Exists(sent.Rootfs.Upper));
    }

    [Theory]
    [InlineData("create")]
    [InlineData("create done")]
    public async Task A_creation_that_fails_leaves_nothing_behind_and_the_name_free(string step)
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        rig.World.Fail(step, new MonitorException(MonitorErrorKind.InvalidArgument, "scripted"));

        EngineException error = await Assert.ThrowsAsync<EngineException>(() => rig.CreateAsync(pod));

        Assert.Equal(EngineError.InvalidArgument, error.Error);
        Assert.Empty(rig.Monitor(pod).Containers);
        rig.AssertNoContainerLeft();
        rig.World.OnStep = null;
        Assert.Equal(ContainerState.Created, rig.Containers.Status(await rig.CreateAsync(pod)).State);
    }

    [Fact]
    public async Task A_container_whose_undoing_fails_too_is_listed_until_it_can_be_removed()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        rig.World.OnStep = static step => step is "create" or "delete"
            ? Task.FromException(new MonitorException(MonitorErrorKind.Internal, "scripted"))
            : Task.CompletedTask;

        await Assert.ThrowsAsync<EngineException>(() => rig.CreateAsync(pod));

        Container stuck = Assert.Single(rig.Containers.List(new ContainerFilter()));
        rig.World.OnStep = null;
        await rig.Containers.RemoveAsync(stuck.Id, CancellationToken.None);
        rig.AssertNoContainerLeft();
    }

    [Fact]
    public async Task An_image_that_is_not_here_is_not_found()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        ContainerConfig config = EngineRig.Container() with { Image = new Engine.Images.ImageSpec { Image = "absent" } };

        EngineException error = await Assert.ThrowsAsync<EngineException>(
            () => rig.Containers.CreateAsync(pod, config, CancellationToken.None));

        Assert.Equal(EngineError.NotFound, error.Error);
        rig.AssertNoContainerLeft();
    }

    [Fact]
    public async Task The_same_creation_is_joined_while_it_runs_and_found_when_it_has_ended()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        TaskCompletionSource gate = rig.World.Hold("create");
        Task<string> first = rig.CreateAsync(pod);
        Task<string> second = rig.CreateAsync(pod);
        gate.SetResult();

        string id = await first.Soon();
        Assert.Equal(id, await second.Soon());
        Assert.Equal(id, await rig.CreateAsync(pod));

        await rig.Containers.StartAsync(id, CancellationToken.None);
        EngineException error = await Assert.ThrowsAsync<EngineException>(() => rig.CreateAsync(pod));
        Assert.Equal(EngineError.AlreadyExists, error.Error);
        Assert.Single(rig.World.Steps, static s => s == "create");
    }

    [Theory]
    [InlineData(0, false, "Completed")]
    [InlineData(1, false, "Error")]
    [InlineData(137, true, "OOMKilled")]
    [InlineData(137, false, "Error")]
    public async Task An_exit_is_reported_with_code_time_and_reason(int code, bool oom, string reason)
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        string id = await rig.StartContainerAsync(pod);
        Assert.Equal(ContainerState.Running, rig.Containers.Status(id).State);
        DateTimeOffset at = DateTimeOffset.UtcNow.AddSeconds(-1);

        rig.Monitor(pod).Exit(id, code, oom, at);

        ContainerStatus status = rig.Containers.Status(id).Status;
        Assert.Equal((ContainerState.Exited, code, reason, at), (status.State, status.ExitCode, status.Reason, status.FinishedAt));
        Assert.NotNull(status.StartedAt);
        Assert.Null(status.Pid);
    }

    [Fact]
    public async Task A_program_that_cannot_start_leaves_an_exited_container_with_StartError()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        string id = await rig.CreateAsync(pod);
        rig.World.Fail("start", new MonitorException(new MonitorError(MonitorErrorKind.LaunchFailed, "no such file", 127)));

        EngineException error = await Assert.ThrowsAsync<EngineException>(() => rig.Containers.StartAsync(id, CancellationToken.None));

        Assert.Contains("no such file", error.Message, StringComparison.Ordinal);
        ContainerStatus status = rig.Containers.Status(id).Status;
        Assert.Equal((ContainerState.Exited, 128, "StartError"), (status.State, status.ExitCode, status.Reason));
        Assert.Contains("no such file", status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_exit_of_a_very_short_run_may_overtake_the_answer_to_its_start()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        string id = await rig.CreateAsync(pod);
        rig.World.OnStep = step =>
        {
            if (step == "start done")
            {
                rig.Monitor(pod).Exit(id, 0);
            }

            return Task.CompletedTask;
        };

        await rig.Containers.StartAsync(id, CancellationToken.None);

        ContainerStatus status = rig.Containers.Status(id).Status;
        Assert.Equal((ContainerState.Exited, 0), (status.State, status.ExitCode));
        Assert.NotNull(status.StartedAt);
    }

    [Fact]
    public async Task Only_a_created_container_can_be_started()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        string id = await rig.StartContainerAsync(pod);

        EngineException error = await Assert.ThrowsAsync<EngineException>(() => rig.Containers.StartAsync(id, CancellationToken.None));

        Assert.Equal(EngineError.FailedPrecondition, error.Error);
        Assert.Equal(ContainerState.Running, rig.Containers.Status(id).State);
    }

    [Fact]
    public async Task A_running_container_can_be_removed_again_and_again()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        string id = await rig.StartContainerAsync(pod);

        await rig.Containers.RemoveAsync(id, CancellationToken.None);
        await rig.Containers.RemoveAsync(id, CancellationToken.None);
        await rig.Containers.StopAsync(id, TimeSpan.FromSeconds(1), CancellationToken.None);

        rig.AssertNoContainerLeft();
        Assert.Equal(EngineError.NotFound, Assert.Throws<EngineException>(() => rig.Containers.Status(id)).Error);
    }

    [Fact]
    public async Task Exec_answers_output_and_code_and_reports_when_time_is_over()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        string id = await rig.StartContainerAsync(pod);

        ExecResult result = await rig.Containers.ExecSyncAsync(id, ["ls"], null, CancellationToken.None);
        EngineException error = await Assert.ThrowsAsync<EngineException>(
            () => rig.Containers.ExecSyncAsync(id, ["slow"], TimeSpan.FromSeconds(1), CancellationToken.None));

        Assert.Equal((3, "out", "err"), (result.ExitCode, Text(result.Stdout), Text(result.Stderr)));
        Assert.Equal(EngineError.DeadlineExceeded, error.Error);

        static string Text(ReadOnlyMemory<byte> bytes) => System.Text.Encoding.UTF8.GetString(bytes.Span);
    }

    [Fact]
    public async Task Exec_needs_a_running_container()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        string id = await rig.CreateAsync(pod);

        EngineException error = await Assert.ThrowsAsync<EngineException>(
            () => rig.Containers.ExecSyncAsync(id, ["ls"], null, CancellationToken.None));

        Assert.Equal(EngineError.FailedPrecondition, error.Error);
    }

    [Fact]
    public async Task An_update_keeps_what_it_does_not_name()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        ContainerConfig config = EngineRig.Container() with { Resources = new ContainerResources { CpuShares = 512, MemoryLimit = 1 << 20 } };
        string id = await rig.Containers.CreateAsync(pod, config, CancellationToken.None);

        await rig.Containers.UpdateResourcesAsync(id, new ContainerResources { MemoryLimit = 2 << 20 }, CancellationToken.None);

        ContainerResources resources = rig.Containers.Status(id).Resources;
        Assert.Equal((512, 2 << 20), (resources.CpuShares, resources.MemoryLimit));
    }

    [Fact]
    public async Task An_update_that_fails_changes_nothing()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        string id = await rig.StartContainerAsync(pod);
        rig.World.Fail("update", new MonitorException(MonitorErrorKind.Internal, "scripted"));

        await Assert.ThrowsAsync<EngineException>(
            () => rig.Containers.UpdateResourcesAsync(id, new ContainerResources { CpuShares = 2 }, CancellationToken.None));

        Assert.Equal(0, rig.Containers.Status(id).Resources.CpuShares);
    }

    [Fact]
    public async Task Lists_are_filtered_by_id_pod_state_and_labels()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync("a");
        string other = await rig.RunPodAsync("b");
        string running = await rig.StartContainerAsync(pod, "x");
        string created = await rig.CreateAsync(pod, "y");
        string elsewhere = await rig.CreateAsync(other, "x");

        Assert.Equal([running], Ids(new ContainerFilter { Id = running }));
        Assert.Equal([running], Ids(new ContainerFilter { State = ContainerState.Running }));
        Assert.Equal([elsewhere], Ids(new ContainerFilter { PodId = other }));
        Assert.Equal(
            new[] { running, elsewhere }.Order(), Ids(new ContainerFilter { Labels = new Dictionary<string, string> { ["name"] = "x" } }).Order());
        Assert.Equal([created], Ids(new ContainerFilter { PodId = pod, State = ContainerState.Created }));
        Assert.Empty(Ids(new ContainerFilter { Id = running, PodId = other }));

        string[] Ids(ContainerFilter filter) => [.. rig.Containers.List(filter).Select(static c => c.Id)];
    }
}
