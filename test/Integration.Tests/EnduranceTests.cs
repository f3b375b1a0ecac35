// SPDX-License-Identifier: Apache-2.0
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Gantry.Engine.Containers;

namespace Gantry.Integration.Tests;

/// <summary>Many pods, GANTRY_AT_ONCE (10) at once. GANTRY_LONG=1 runs a thousand.</summary>
public sealed class EnduranceTests
{
    private static readonly int s_atOnce = int.Parse(Environment.GetEnvironmentVariable("GANTRY_AT_ONCE") ?? "10", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Pods_made_and_removed_in_a_row_leave_nothing()
    {
        int pods = Environment.GetEnvironmentVariable("GANTRY_LONG") == "1" ? 1000 : 20;
        await using TestNode node = await TestNode.StartAsync();
        long begin = Stopwatch.GetTimestamp();
        var times = new ConcurrentBag<(double Run, double Create, double Start, double Stop, double Remove)>();

        await Parallel.ForAsync(0, pods, new ParallelOptions { MaxDegreeOfParallelism = s_atOnce, CancellationToken = TestNode.Token }, async (_, _) =>
        {
            long start = Stopwatch.GetTimestamp();
            string pod = await node.RunPodAsync();
            double run = Lap(ref start);
            string container = await node.CreateAsync(pod, "echo here; sleep 100");
            double create = Lap(ref start);
            await node.Engine.Containers.StartAsync(container, TestNode.Token);
            double started = Lap(ref start);
            Assert.Equal(ContainerState.Running, node.Engine.Containers.Status(container).State);
            await node.Engine.Pods.StopAsync(pod, TestNode.Token);
            double stop = Lap(ref start);
            await node.Engine.Pods.RemoveAsync(pod, TestNode.Token);
            times.Add((run, create, started, stop, Lap(ref start)));
        });

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{pods} pods in {Stopwatch.GetElapsedTime(begin).TotalSeconds:F1} s; {GC.GetTotalMemory(true) >> 10} KiB managed; medians in ms: "
            + $"run {Median(times.Select(static t => t.Run))}, create {Median(times.Select(static t => t.Create))}, "
            + $"start {Median(times.Select(static t => t.Start))}, stop {Median(times.Select(static t => t.Stop))}, "
            + $"remove {Median(times.Select(static t => t.Remove))}");
        await node.AssertNoLeaksAsync();
    }

    private static double Lap(ref long start)
    {
        double elapsed = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        start = Stopwatch.GetTimestamp();
        return elapsed;
    }

    private static string Median(IEnumerable<double> values) => values.Order().ElementAt(values.Count() / 2).ToString("F2", CultureInfo.InvariantCulture);
}
