// SPDX-License-Identifier: Apache-2.0
using Gantry.Cgroups;
using Gantry.Engine.Containers;
using Gantry.Engine.Monitors;

namespace Gantry.Engine.Pods;

/// <summary>What happens when the connection to a monitor ends without our doing.</summary>
internal static class MonitorLoss
{
    private static readonly TimeSpan s_reattach = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_kill = TimeSpan.FromSeconds(10);

    internal static async Task HandleAsync(EngineContext engine, PodEntry pod, IMonitorListener listener)
    {
        await pod.Gate.WaitAsync(CancellationToken.None);
        try
        {
            if (pod.Record.ReleasedAt is not null || pod.Monitor is null)
            {
                return;
            }

            pod.Monitor.Dispose();
            pod.Monitor = null;
            using var patience = new CancellationTokenSource(s_reattach, engine.Clock);
            ReattachedMonitor found = await engine.Monitors.ReattachAsync(engine.PodDirectory(pod.Id), listener, patience.Token);
            using IDisposable? place = found.Lock;
            if (found.Monitor is IPodMonitor monitor)
            {
                engine.Log.MonitorReattached(pod.Id);
                pod.Monitor = monitor;
                await PodResync.SyncAsync(engine, pod, monitor, patience.Token);
            }
            else
            {
                engine.Log.MonitorLost(pod.Id);
                Settle(engine, pod);
            }
        }
        catch (Exception e)
        {
            engine.Log.MonitorLossUnhandled(pod.Id, e);
        }
        finally
        {
            pod.Gate.Release();
        }
    }

    /// <summary>The monitor is dead: kills what it left running, takes the exits that it recorded, and marks the pod not ready.</summary>
    internal static void Settle(EngineContext engine, PodEntry pod)
    {
        pod.Note(record => record.Stopped(engine.Now), engine.Log);
        Cgroup.Delete(engine.Cgroups, pod.Record.CgroupPath, s_kill);
        ContainerExits.Collect(
            engine, pod, ContainerStatus.KilledExitCode, ContainerStatus.MonitorLost, "the pod's monitor died");
    }
}
