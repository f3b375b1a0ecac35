// SPDX-License-Identifier: Apache-2.0
using Gantry.Bench.System.Client;
using Gantry.Bench.System.Measuring;

namespace Gantry.Bench.System.Scenarios;

/// <summary>Pods one at a time. Each round visits every runtime, so that noise of the machine hits all alike.</summary>
internal static class CycleRounds
{
    private const int ExecsPerPod = 2;

    internal static async Task RunAsync(IReadOnlyList<BenchPods> runtimes, BenchOptions options, Figures figures, CancellationToken cancellationToken)
    {
        for (int round = -options.WarmUps; round < options.Iterations; round++)
        {
            Progress.Show(round < 0 ? "warming up" : $"pods one at a time: round {round + 1} of {options.Iterations}");
            for (int i = 0; i < runtimes.Count; i++)
            {
                // Nobody is always the one who comes after the slowest.
                BenchPods pods = runtimes[(i + options.WarmUps + round) % runtimes.Count];
                await CycleAsync(pods, round < 0 ? null : figures, cancellationToken);
            }
        }
    }

    private static async Task CycleAsync(BenchPods pods, Figures? figures, CancellationToken cancellationToken)
    {
        (BenchPod pod, StartTimes start) = await pods.StartAsync(cancellationToken);
        List<TimeSpan> execs = [];
        for (int i = 0; i < ExecsPerPod; i++)
        {
            execs.Add(await pods.ExecAsync(pod, cancellationToken));
        }

        StopTimes stop = await pods.StopAsync(pod, cancellationToken);
        if (figures is not null)
        {
            Record(figures, pods.Runtime.Name, start, execs, stop);
        }
    }

    private static void Record(Figures figures, string runtime, StartTimes start, List<TimeSpan> execs, StopTimes stop)
    {
        figures.Add(Measure.PodStart, runtime, start.Sum);
        figures.Add(Measure.RunPod, runtime, start.RunPod);
        figures.Add(Measure.Create, runtime, start.Create);
        figures.Add(Measure.Start, runtime, start.Start);
        execs.ForEach(exec => figures.Add(Measure.Exec, runtime, exec));
        figures.Add(Measure.Teardown, runtime, stop.Sum);
        figures.Add(Measure.StopContainer, runtime, stop.StopContainer);
        figures.Add(Measure.StopPod, runtime, stop.StopPod);
        figures.Add(Measure.RemovePod, runtime, stop.RemovePod);
    }
}
