// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Containers;
using Gantry.Engine.Monitors;
using Gantry.MonitorApi;

namespace Gantry.Engine.Pods;

/// <summary>Brings the engine's view of a pod's containers in line with what its monitor says.</summary>
internal static class PodResync
{
    internal static async Task SyncAsync(
        EngineContext engine, PodEntry pod, IPodMonitor monitor, CancellationToken cancellationToken)
    {
        PodState truth = await monitor.ListAsync(cancellationToken);
        var known = truth.Containers.ToDictionary(static c => c.ContainerId, StringComparer.Ordinal);
        foreach (ContainerEntry container in pod.Containers.Values.Where(static c => c.Record.Complete))
        {
            if (known.Remove(container.Id, out MonitoredContainer? seen))
            {
                Apply(engine, container, seen);
            }
            else if (!container.Record.Exited)
            {
                ContainerExits.ApplyUnseen(
                    engine, container, ContainerStatus.UnknownExitCode, ContainerStatus.Unknown, "the pod's monitor does not know it");
            }
        }

        foreach (string id in known.Keys.Where(id => !pod.Containers.ContainsKey(id)))
        {
            engine.Log.LeftoverRemoved($"container {id} in the monitor of pod {pod.Id}");
            await monitor.DeleteAsync(id, cancellationToken);
        }
    }

    private static void Apply(EngineContext engine, ContainerEntry container, MonitoredContainer seen)
    {
        if (seen.Exit is ContainerExit exit)
        {
            ContainerExits.Apply(engine, container, exit);
        }
        else if (seen is { State: MonitoredState.Running, StartedAt: DateTimeOffset startedAt, Pid: int pid })
        {
            container.Note(
                record => record.Exited
                    ? record
                    : record with { Status = record.Status with { StartedAt = record.Status.StartedAt ?? startedAt, Pid = pid } },
                engine.Log);
        }
    }
}
