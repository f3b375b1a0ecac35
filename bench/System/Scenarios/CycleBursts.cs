// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using Gantry.Bench.System.Client;
using Gantry.Bench.System.Measuring;

namespace Gantry.Bench.System.Scenarios;

/// <summary>Whole cycles, several at once: how many pods a node starts and removes in a second.</summary>
internal static class CycleBursts
{
    internal static async Task RunAsync(IReadOnlyList<BenchPods> runtimes, BenchOptions options, Figures figures, CancellationToken cancellationToken)
    {
        for (int burst = 0; burst < options.Bursts; burst++)
        {
            foreach (BenchPods pods in runtimes)
            {
                Progress.Show($"{options.Concurrency} at once: burst {burst + 1} of {options.Bursts}, {pods.Runtime.Name}");
                long begin = Stopwatch.GetTimestamp();
                await Parallel.ForEachAsync(
                    Enumerable.Range(0, options.BurstPods),
                    new ParallelOptions { MaxDegreeOfParallelism = options.Concurrency, CancellationToken = cancellationToken },
                    async (_, token) => await CycleAsync(pods, figures, token));
                figures.Add(Measure.Cycles, pods.Runtime.Name, options.BurstPods / Stopwatch.GetElapsedTime(begin).TotalSeconds);
            }
        }
    }

    private static async Task CycleAsync(BenchPods pods, Figures figures, CancellationToken cancellationToken)
    {
        (BenchPod pod, StartTimes start) = await pods.StartAsync(cancellationToken);
        figures.Add(Measure.BusyStart, pods.Runtime.Name, start.Sum);
        await pods.StopAsync(pod, cancellationToken);
    }
}
