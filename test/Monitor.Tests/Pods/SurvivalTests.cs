// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using Gantry.MonitorApi;
using Gantry.MonitorApi.Client;

namespace Gantry.Monitor.Tests.Pods;

public sealed class SurvivalTests
{
    [Fact]
    public async Task A_pod_outlives_the_process_that_started_it_and_tells_the_next_one_what_happened()
    {
        await using TestPod pod = new();
        using (Process parent = Process.Start(
            "sh", ["-c", $"'{TestPod.Program}' pod --dir '{pod.Directory}' & wait"]))
        {
            await TestPod.UntilAsync(() => Task.FromResult(File.Exists(Path.Combine(pod.Directory, MonitorLauncher.SocketName))));

            pod.Client = (await pod.Launcher.ReattachAsync(pod.Directory, TestPod.Token)).Client!;
            await pod.ConfigureAsync(NamespaceSource.Container);
            string done = await pod.RunAsync("sleep 0.5; echo late; exit 3");
            await pod.RunAsync("sleep 1000");
            parent.Kill();
            pod.Client.Dispose();
            await parent.WaitForExitAsync(TestPod.Token);

            await TestPod.UntilAsync(() => Task.FromResult(ExitRecords.TryRead(pod.Directory, done) is not null));

            pod.Client = (await pod.Launcher.ReattachAsync(pod.Directory, TestPod.Token)).Client!;
            PodState state = await pod.Client.ListAsync(TestPod.Token);

            Assert.Equal("test", state.Pod!.PodId);
            Assert.Equal([MonitoredState.Exited, MonitoredState.Running], state.Containers.Select(static c => c.State));
            Assert.Equal(3, state.Containers[0].Exit!.ExitCode);
            Assert.Equal(["stdout F late"], pod.Log(done));
        }
    }

    [Fact]
    public async Task A_connection_that_breaks_in_the_middle_of_a_request_harms_nothing()
    {
        await using TestPod pod = await TestPod.StartAsync();
        string id = await pod.CreateAsync("echo ran; sleep 1000");

        for (int i = 0; i < 20; i++)
        {
            MonitorClient broken = (await pod.Launcher.ReattachAsync(pod.Directory, TestPod.Token)).Client!;
            Task start = i == 0 ? broken.StartAsync(id, TestPod.Token) : broken.ListAsync(TestPod.Token);
            broken.Dispose();
            await Task.WhenAny(start);
        }

        await TestPod.UntilAsync(async () => (await pod.Client.ListAsync(TestPod.Token)).Containers[0].State == MonitoredState.Running);
    }

    [Fact]
    public async Task A_second_monitor_of_a_pod_says_that_there_is_one()
    {
        await using TestPod pod = await TestPod.StartAsync();

        MonitorException error = await Assert.ThrowsAsync<MonitorException>(() => pod.Launcher.StartAsync(pod.Directory, TestPod.Token));

        Assert.Equal(MonitorErrorKind.AlreadyExists, error.Kind);
        await pod.Client.ListAsync(TestPod.Token);
    }

    [Fact]
    public async Task A_dead_monitor_is_found_dead_and_its_lock_keeps_a_late_one_away()
    {
        await using TestPod pod = await TestPod.StartAsync();
        pod.Client.Kill();
        await pod.Client.Disconnected.WaitAsync(TestPod.Token);

        Reattachment found = await pod.Launcher.ReattachAsync(pod.Directory, TestPod.Token);
        using IDisposable? held = found.Lock;

        Assert.Null(found.Client);
        Assert.NotNull(held);
        await Assert.ThrowsAsync<MonitorException>(() => pod.Launcher.StartAsync(pod.Directory, TestPod.Token));
    }

    [Fact]
    public async Task Without_a_directory_there_is_no_monitor()
    {
        await using TestPod pod = new();

        Reattachment found = await pod.Launcher.ReattachAsync(pod.Directory + "/absent", TestPod.Token);

        Assert.Equal(default, found);
    }
}
