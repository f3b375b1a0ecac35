// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using Gantry.Engine.Containers;
using Gantry.Engine.Pods;
using Gantry.Engine.Records;
using Gantry.Storage.Records;

namespace Gantry.Engine.Recovery;

/// <summary>Once at start, before anything is served: reads the records, asks the kernel and the monitors, and finishes or undoes.</summary>
internal static class EngineRecovery
{
    /// <summary>Pods looked at side by side: most of the time goes into waiting for monitors.</summary>
    private const int Parallelism = 16;

    internal static async Task RunAsync(EngineContext engine, CancellationToken cancellationToken)
    {
        long begin = Stopwatch.GetTimestamp();
        Report(engine, engine.PodRecords.Quarantined);
        Report(engine, engine.ContainerRecords.Quarantined);
        Load(engine);
        await engine.Network.RecoverAsync(
            [.. engine.Pods.Values.Where(static p => p.Record is { Network: not null, ReleasedAt: null }).Select(static p => p.Record.Network!)],
            cancellationToken);
        await Parallel.ForEachAsync(
            engine.Pods.Values,
            new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
            (pod, _) => RecoverAsync(engine, pod));
        await Leftovers.RemoveAsync(engine, cancellationToken);
        engine.Log.Recovered(engine.Pods.Count, engine.Containers.Count, Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
    }

    private static void Report(EngineContext engine, IReadOnlyList<QuarantinedRecord> quarantined)
    {
        foreach (QuarantinedRecord damaged in quarantined)
        {
            engine.Log.RecordQuarantined(damaged.Key, damaged.Reason, damaged.MovedTo);
        }
    }

    private static void Load(EngineContext engine)
    {
        foreach (PodRecord record in engine.PodRecords.Values)
        {
            engine.Pods[record.Id] = new PodEntry(engine.PodRecords, record);
            engine.PodNames[record.Config.Metadata] = record.Id;
        }

        foreach (ContainerRecord record in engine.ContainerRecords.Values)
        {
            if (!engine.Pods.TryGetValue(record.PodId, out PodEntry? pod))
            {
                // Its pod's record was damaged: Leftovers takes the snapshot, which then has no owner.
                engine.Log.LeftoverRemoved($"record of container {record.Id}, whose pod {record.PodId} is not known");
                engine.ContainerRecords.Remove(record.Id);
                continue;
            }

            var container = new ContainerEntry(engine.ContainerRecords, pod, record);
            pod.Containers[record.Id] = container;
            engine.Containers[record.Id] = container;
            engine.ContainerNames[ContainerRelease.NameOf(container)] = record.Id;
        }
    }

    private static async ValueTask RecoverAsync(EngineContext engine, PodEntry pod)
    {
        await pod.Gate.WaitAsync(CancellationToken.None);
        try
        {
            await PodRecovery.RunAsync(engine, pod);
        }
        catch (Exception e)
        {
            // One broken pod must not keep the others from being served.
            pod.Note(record => record.Stopped(engine.Now), engine.Log);
            engine.Log.PodNotRecovered(pod.Id, e);
        }
        finally
        {
            pod.Gate.Release();
        }
    }
}
