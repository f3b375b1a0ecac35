// SPDX-License-Identifier: Apache-2.0
using Gantry.Cgroups;
using Gantry.Engine.Monitors;
using Gantry.Engine.Pods;
using Gantry.MonitorApi;

namespace Gantry.Engine.Recovery;

/// <summary>Removes what no record owns. One failure is logged and stops nothing else.</summary>
internal static class Leftovers
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    internal static async Task RemoveAsync(EngineContext engine, CancellationToken cancellationToken)
    {
        foreach (string directory in Directories(engine.PodsDirectory).Where(d => !engine.Pods.ContainsKey(Path.GetFileName(d))))
        {
            await TryAsync(engine, $"pod directory {directory}", () => RemovePodAsync(engine, directory, cancellationToken));
        }

        foreach (string id in engine.Snapshots.Containers().Where(id => !engine.Containers.ContainsKey(id)))
        {
            await TryAsync(engine, $"snapshot of container {id}", () => Done(() => engine.Snapshots.Remove(id)));
        }

        // A name with a dot is the store's own.
        foreach (string id in Directories(Path.Combine(engine.Options.Root, "volumes"))
            .Select(static d => Path.GetFileName(d)).Where(id => !id.StartsWith('.') && !engine.Containers.ContainsKey(id)))
        {
            await TryAsync(engine, $"volumes of container {id}", () => Done(() => engine.Volumes.Remove(id)));
        }
    }

    /// <summary>A pod without a record: its own monitor, if it lives, knows the cgroup.</summary>
    private static async Task RemovePodAsync(EngineContext engine, string directory, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(s_patience);
        ReattachedMonitor found = await engine.Monitors.ReattachAsync(directory, new DeafListener(), patience.Token);
        using IDisposable? place = found.Lock;
        if (found.Monitor is IPodMonitor monitor)
        {
            using (monitor)
            {
                PodState state = await monitor.ListAsync(patience.Token);
                await monitor.ShutdownAsync(patience.Token);
                if (state.Pod is ConfigurePod pod)
                {
                    Cgroup.Delete(engine.Cgroups, pod.CgroupPath, s_patience);
                }
            }
        }

        PodFiles.DeleteDirectory(directory);
    }

    private static async Task TryAsync(EngineContext engine, string what, Func<Task> remove)
    {
        try
        {
            await remove();
            engine.Log.LeftoverRemoved(what);
        }
        catch (Exception e)
        {
            engine.Log.LeftoverStays(what, e);
        }
    }

    private static Task Done(Action remove)
    {
        remove();
        return Task.CompletedTask;
    }

    private static string[] Directories(string parent) => Directory.Exists(parent) ? Directory.GetDirectories(parent) : [];

    /// <summary>What a monitor without a pod reports interests nobody.</summary>
    private sealed class DeafListener : IMonitorListener
    {
        public void ContainerExited(ContainerExit exit)
        {
            // there is no container to note it for
        }

        public void Disconnected()
        {
            // it was told to end
        }
    }
}
