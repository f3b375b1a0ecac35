// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using Gantry.Bench.System.Client;
using Gantry.Bench.System.Measuring;
using Gantry.Cri.V1;

namespace Gantry.Bench.System.Scenarios;

/// <summary>Many pods that do nothing: what lists and memory cost on a full node.</summary>
internal static class DensePods
{
    private const int AtOnce = 4;
    private const int Lists = 200;
    private const int ListWarmUps = 50;
    private static readonly TimeSpan s_settle = TimeSpan.FromSeconds(3);

    internal static async Task RunAsync(IReadOnlyList<BenchPods> runtimes, BenchOptions options, Figures figures, CancellationToken cancellationToken)
    {
        foreach (BenchPods pods in runtimes)
        {
            Progress.Show($"{options.Density} pods on {pods.Runtime.Name}");
            await Parallel.ForEachAsync(
                Enumerable.Range(0, options.Density),
                new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
                async (_, token) => await pods.StartAsync(token));
        }

        await Task.Delay(s_settle, cancellationToken);
        Progress.Show("lists and memory");
        ProcessTable processes = ProcessTable.Read();
        foreach (BenchPods pods in runtimes)
        {
            await MeasureMemoryAsync(pods, processes, options.Density, figures, cancellationToken);
        }

        for (int i = -ListWarmUps; i < Lists; i++)
        {
            foreach (BenchPods pods in runtimes)
            {
                await ListAsync(pods.Runtime, options.Density, i < 0 ? null : figures, cancellationToken);
            }
        }
    }

    /// <remarks>A container's parent is its pod's monitor or shim, whatever the runtime calls it.</remarks>
    private static async Task MeasureMemoryAsync(
        BenchPods pods, ProcessTable processes, int density, Figures figures, CancellationToken cancellationToken)
    {
        string name = pods.Runtime.Name;
        int daemon = await pods.Runtime.DaemonPidAsync(cancellationToken);
        figures.Add(Measure.LoadedMemory, name, ProcessTable.ProportionalMegabytes(daemon));
        HashSet<int> containers = [.. processes.With(PodTemplate.Variable, pods.Mark)];
        List<int> monitors = [.. containers.Select(processes.ParentOf).Where(pid => pid > 1 && pid != daemon).Distinct()];
        if (containers.Count != density || monitors.Count != density)
        {
            await Console.Error.WriteLineAsync(
                $"bench: {name}: {density} pods, but {containers.Count} container processes with {monitors.Count} parents; no memory a pod".AsMemory(), cancellationToken);
            return;
        }

        foreach (int monitor in monitors)
        {
            figures.Add(Measure.MonitorMemory, name, ProcessTable.ProportionalMegabytes(monitor));
            figures.Add(Measure.OverheadMemory, name, processes.Family(monitor).Where(pid => !containers.Contains(pid)).Sum(ProcessTable.ProportionalMegabytes));
        }
    }

    private static async Task ListAsync(CriRuntime runtime, int density, Figures? figures, CancellationToken cancellationToken)
    {
        long begin = Stopwatch.GetTimestamp();
        ListContainersResponse containers = await runtime.Runtime.ListContainersAsync(new ListContainersRequest(), null, CriRuntime.Deadline, cancellationToken);
        long listed = Stopwatch.GetTimestamp();
        ListPodSandboxResponse pods = await runtime.Runtime.ListPodSandboxAsync(new ListPodSandboxRequest(), null, CriRuntime.Deadline, cancellationToken);
        TimeSpan second = Stopwatch.GetElapsedTime(listed);
        if (containers.Containers.Count < density || pods.Items.Count < density)
        {
            throw new InvalidOperationException($"{runtime.Name}: lists {containers.Containers.Count} containers and {pods.Items.Count} pods of {density}");
        }

        figures?.Add(Measure.ListContainers, runtime.Name, Stopwatch.GetElapsedTime(begin, listed));
        figures?.Add(Measure.ListPods, runtime.Name, second);
    }
}
