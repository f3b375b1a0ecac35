// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using System.Text;
using Gantry.MonitorApi;
using Gantry.MonitorApi.Client;

namespace Gantry.Monitor.Tests.Pods;

public sealed class ExecTests
{
    [Fact]
    public async Task An_exec_returns_what_it_wrote_and_its_exit_code()
    {
        await using TestPod pod = await TestPod.StartAsync();
        string id = await pod.RunAsync("sleep 1000");

        ExecOutput output = await pod.ExecAsync(id, "e1", null, "sh", "-c", "echo out; echo err >&2; exit 9");

        Assert.Equal(9, output.ExitCode);
        Assert.Equal("out\n", Encoding.UTF8.GetString(output.Stdout));
        Assert.Equal("err\n", Encoding.UTF8.GetString(output.Stderr));
        Assert.False(output.TimedOut);
    }

    [Fact]
    public async Task A_time_limit_kills_everything_that_the_exec_started()
    {
        await using TestPod pod = await TestPod.StartAsync();
        string id = await pod.RunAsync("sleep 1000");

        ExecOutput output = await pod.ExecAsync(id, "e1", TimeSpan.FromMilliseconds(500), "sh", "-c", "setsid sleep 4321 & sleep 1234");

        Assert.True(output.TimedOut);
        Assert.Equal(137, output.ExitCode);
        ExecOutput list = await pod.ExecAsync(id, "e2", null, "ps", "-o", "args");
        Assert.DoesNotContain("4321", Encoding.UTF8.GetString(list.Stdout), StringComparison.Ordinal);
        Assert.Contains("sleep 1000", Encoding.UTF8.GetString(list.Stdout), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exec_ends_with_its_process_although_another_keeps_the_pipe()
    {
        await using TestPod pod = await TestPod.StartAsync();
        string id = await pod.RunAsync("sleep 1000");
        Stopwatch watch = Stopwatch.StartNew();

        ExecOutput output = await pod.ExecAsync(id, "e1", null, "sh", "-c", "sleep 100 & echo done");

        Assert.Equal("done\n", Encoding.UTF8.GetString(output.Stdout));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{watch.Elapsed}");
    }

    [Fact]
    public async Task Endless_output_is_cut_and_the_process_still_ends_CVE_2022_1708()
    {
        await using TestPod pod = await TestPod.StartAsync();
        string id = await pod.RunAsync("sleep 1000");

        ExecOutput output = await pod.ExecAsync(id, "e1", null, "sh", "-c", "yes | head -c 200000000; exit 6");

        Assert.Equal(6, output.ExitCode);
        Assert.Equal(16 << 20, output.Stdout.Length);
    }

    [Fact]
    public async Task An_exec_without_a_program_or_a_container_says_so()
    {
        await using TestPod pod = await TestPod.StartAsync();
        string id = await pod.RunAsync("sleep 1000");

        MonitorException missing = await Assert.ThrowsAsync<MonitorException>(() => pod.ExecAsync(id, "e1", null, "no-such-program"));
        MonitorException nowhere = await Assert.ThrowsAsync<MonitorException>(() => pod.ExecAsync("other", "e1", null, "true"));

        Assert.Equal((MonitorErrorKind.LaunchFailed, 127), (missing.Kind, missing.Error.ExitCode));
        Assert.Equal(MonitorErrorKind.NotFound, nowhere.Kind);
    }

    [Fact]
    public async Task Many_execs_and_aborts_leave_no_descriptor_process_or_group_CVE_2022_23471()
    {
        int rounds = Environment.GetEnvironmentVariable("GANTRY_LONG") == "1" ? 10_000 : 300;
        await using TestPod pod = await TestPod.StartAsync();
        string id = await pod.RunAsync("sleep 100000");
        await RoundsAsync(pod, id, 0, 100);
        (int fds, long memory) = Usage(pod);
        int ours = Directory.GetFiles("/proc/self/fd").Length;

        await RoundsAsync(pod, id, 100, rounds);

        (int fdsAfter, long memoryAfter) = Usage(pod);
        Assert.InRange(fdsAfter, 0, fds + 8); // the groups of the last few may go with the next exec
        // Under the JIT the first generation alone may take as much as the processor's cache.
        int tolerance = TestPod.Published is null ? 48 : 2;
        Assert.InRange(memoryAfter, 0, memory + (tolerance << 20));
        Assert.InRange(Directory.GetFiles("/proc/self/fd").Length, 0, ours + 100); // other tests run beside this one
        string groups = $"/sys/fs/cgroup/unified{pod.CgroupPath}/{id}";
        Assert.InRange(Directory.Exists(groups) ? Directory.GetDirectories(groups).Length : 0, 0, 4);
        ExecOutput list = await pod.ExecAsync(id, "last", null, "ps", "-o", "args");
        Assert.DoesNotContain("sleep 77", Encoding.UTF8.GetString(list.Stdout), StringComparison.Ordinal);
        TestContext.Current.TestOutputHelper!.WriteLine($"{rounds} execs: {fds} -> {fdsAfter} fds, {memory >> 10} -> {memoryAfter >> 10} KiB");
    }

    private static async Task RoundsAsync(TestPod pod, string id, int from, int count)
    {
        for (int i = from; i < from + count; i++)
        {
            if (i % 3 == 2)
            {
                using CancellationTokenSource abort = CancellationTokenSource.CreateLinkedTokenSource(TestPod.Token);
                Task<ExecOutput> aborted = pod.Client.ExecSyncAsync(
                    new ExecProcess { ContainerId = id, ExecId = $"x{i}", Args = ["sleep", "77"] }, null, abort.Token);
                abort.CancelAfter(i % 7);
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => aborted);
            }
            else
            {
                Assert.Equal(0, (await pod.ExecAsync(id, $"x{i}", null, "true")).ExitCode);
            }
        }

        // The kills of the last aborts are before this in the monitor's queue, their ends may not be.
        await WaitUntilQuietAsync(pod);
        await Task.Delay(TimeSpan.FromSeconds(3), TestPod.Token); // memory is given back after two idle seconds
    }

    private static async Task WaitUntilQuietAsync(TestPod pod)
    {
        string children = $"/proc/{pod.Client.Pid}/task/{pod.Client.Pid}/children";
        await TestPod.UntilAsync(async () => (await File.ReadAllTextAsync(children, TestPod.Token)).Split(" ", StringSplitOptions.RemoveEmptyEntries).Length <= 1);
    }

    private static (int Fds, long Memory) Usage(TestPod pod)
    {
        string status = File.ReadAllText($"/proc/{pod.Client.Pid}/status");
        string anonymous = status.Split('\n').Single(static line => line.StartsWith("RssAnon:", StringComparison.Ordinal));
        return (Directory.GetFileSystemEntries($"/proc/{pod.Client.Pid}/fd").Length,
            1024 * long.Parse(anonymous.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture));
    }
}
