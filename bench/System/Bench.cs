// SPDX-License-Identifier: Apache-2.0
using Gantry.Bench.System.Client;
using Gantry.Bench.System.Measuring;
using Gantry.Bench.System.Report;
using Gantry.Bench.System.Scenarios;
using Gantry.Cri.V1;
using Grpc.Core;

namespace Gantry.Bench.System;

/// <summary>One run: all runtimes, all scenarios, and no pod left behind however it ends.</summary>
internal static class Bench
{
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(5);

    internal static async Task<BenchReport> RunAsync(BenchOptions options, CancellationToken cancellationToken)
    {
        string run = $"run{Environment.ProcessId}";
        var report = new BenchReport(options, MachineFacts.Read());
        List<BenchPods> runtimes = [];
        try
        {
            foreach (RuntimeAddress address in options.Runtimes)
            {
                var pods = new BenchPods(new CriRuntime(address), new PodTemplate(options, run, address));
                runtimes.Add(pods);
                report.Versions[address.Name] = await PrepareAsync(pods.Runtime, report.Figures, cancellationToken);
            }

            await MeasureAsync(runtimes, options, report.Figures, cancellationToken);
        }
        finally
        {
            Progress.Show("removing what is left");
            await CleanAsync(runtimes);
        }

        await IdleAsync(runtimes, report.Figures, cancellationToken);
        runtimes.ForEach(pods => pods.Runtime.Dispose());
        Progress.Done();
        report.LoadAfter = MachineFacts.Read().Load;
        return report;
    }

    private static async Task MeasureAsync(List<BenchPods> runtimes, BenchOptions options, Figures figures, CancellationToken cancellationToken)
    {
        if (options.Daemon is DaemonProgram daemon)
        {
            await DaemonStarts.RunAsync(daemon, figures, cancellationToken);
        }

        await CycleRounds.RunAsync(runtimes, options, figures, cancellationToken);
        await CycleBursts.RunAsync(runtimes, options, figures, cancellationToken);
        if (options.Density > 0)
        {
            await DensePods.RunAsync(runtimes, options, figures, cancellationToken);
        }
    }

    /// <returns>What runtime it is, with its version.</returns>
    private static async Task<string> PrepareAsync(CriRuntime runtime, Figures figures, CancellationToken cancellationToken)
    {
        Progress.Show($"preparing {runtime.Name}");
        VersionResponse version = await runtime.Runtime.VersionAsync(new VersionRequest(), null, CriRuntime.Deadline, cancellationToken);
        await runtime.WaitUntilReadyAsync(cancellationToken);
        await runtime.PullAsync(cancellationToken);
        figures.Add(Measure.FreshMemory, runtime.Name, ProcessTable.ProportionalMegabytes(await runtime.DaemonPidAsync(cancellationToken)));
        return $"{version.RuntimeName} {version.RuntimeVersion}";
    }

    private static async Task IdleAsync(List<BenchPods> runtimes, Figures figures, CancellationToken cancellationToken)
    {
        await Task.Delay(s_idle, cancellationToken);
        foreach (BenchPods pods in runtimes)
        {
            int daemon = await pods.Runtime.DaemonPidAsync(cancellationToken);
            figures.Add(Measure.IdleMemory, pods.Runtime.Name, ProcessTable.ProportionalMegabytes(daemon));
        }
    }

    /// <summary>Every runtime is cleaned, whatever another one answers.</summary>
    private static async Task CleanAsync(List<BenchPods> runtimes)
    {
        foreach (BenchPods pods in runtimes)
        {
            try
            {
                await pods.RemoveAllAsync();
            }
            catch (Exception e) when (e is RpcException or OperationCanceledException)
            {
                await Console.Error.WriteLineAsync($"bench: {pods.Runtime.Name}: pods with the label {PodTemplate.Label}={pods.Mark} are left: {e.Message}");
            }
        }
    }
}
