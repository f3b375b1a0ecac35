// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Containers;
using Gantry.Engine.Monitors;
using Gantry.Engine.Pods;
using Gantry.Engine.Records;

namespace Gantry.Engine.Recovery;

/// <summary>Brings one pod's record and the kernel to one truth. The caller holds the pod's gate.</summary>
internal static class PodRecovery
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    internal static async Task RunAsync(EngineContext engine, PodEntry pod)
    {
        PodRecord record = pod.Record;
        if (!record.Visible)
        {
            await UndoAsync(engine, pod);
            return;
        }

        if (engine.PodRecords.All[pod.Id].BootId != engine.PodRecords.BootId)
        {
            SettleAfterBoot(engine, pod);
        }
        else if (record.ReleasedAt is null)
        {
            await ReattachAsync(engine, pod);
        }

        // What was begun is finished: a stop, a removal, the creation of a container.
        if (pod.Record.StoppedAt is not null)
        {
            await PodRelease.ReleaseAsync(engine, pod);
        }

        await ContainersAsync(engine, pod);
        if (pod.Record.RemovedAt is not null)
        {
            await RemoveAsync(engine, pod);
        }
    }

    private static async Task UndoAsync(EngineContext engine, PodEntry pod)
    {
        engine.Log.LeftoverRemoved($"half-made pod {pod.Id}");
        await PodRelease.ReleaseAsync(engine, pod);
        PodRelease.Delete(engine, pod);
    }

    /// <summary>Nothing of another boot runs. How its containers ended was never written down, unless they had ended before.</summary>
    private static void SettleAfterBoot(EngineContext engine, PodEntry pod)
    {
        pod.Note(record => record.Stopped(engine.Now), engine.Log);
        ContainerExits.Collect(
            engine, pod, ContainerStatus.UnknownExitCode, ContainerStatus.Unknown, "the node was restarted while the container ran");
    }

    private static async Task ReattachAsync(EngineContext engine, PodEntry pod)
    {
        var listener = new PodListener(engine, pod);
        using var patience = new CancellationTokenSource(s_patience, engine.Clock);
        ReattachedMonitor found = await engine.Monitors.ReattachAsync(engine.PodDirectory(pod.Id), listener, patience.Token);
        pod.Place = found.Lock;
        if (found.Monitor is not IPodMonitor monitor)
        {
            engine.Log.MonitorLost(pod.Id);
            MonitorLoss.Settle(engine, pod);
            return;
        }

        pod.Monitor = monitor;
        await PodResync.SyncAsync(engine, pod, monitor, patience.Token);
    }

    private static async Task ContainersAsync(EngineContext engine, PodEntry pod)
    {
        foreach (ContainerEntry container in pod.Containers.Values.Where(static c => !c.Record.Complete || c.Record.RemovedAt is not null))
        {
            engine.Log.LeftoverRemoved(
                container.Record.Complete ? $"container {container.Id}, whose removal was begun" : $"half-made container {container.Id}");
            await ContainerRelease.ReleaseAsync(engine, container);
        }
    }

    private static async Task RemoveAsync(EngineContext engine, PodEntry pod)
    {
        engine.Log.LeftoverRemoved($"pod {pod.Id}, whose removal was begun");
        foreach (ContainerEntry container in pod.Containers.Values)
        {
            await ContainerRelease.ReleaseAsync(engine, container);
        }

        PodRelease.Delete(engine, pod);
    }
}
