// SPDX-License-Identifier: Apache-2.0
using Gantry.Cgroups;
using Gantry.Engine.Containers;
using Gantry.Engine.Events;
using Gantry.Engine.Monitors;
using Gantry.MonitorApi;

namespace Gantry.Engine.Pods;

/// <summary>
/// Takes away what a pod owns, from any state: the end of a stop, the undoing of a failed run, and the clean-up after a crash
/// are this one way. Every step takes "gone already" for success. The caller holds the pod's gate.
/// </summary>
internal static class PodRelease
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    /// <summary>Ends all processes, removes the cgroup, gives the network back.</summary>
    /// <exception cref="EngineException">A step failed: the pod is marked stopped, not released; call again.</exception>
    internal static async Task ReleaseAsync(EngineContext engine, PodEntry pod)
    {
        if (pod.Record.ReleasedAt is not null)
        {
            return;
        }

        using var watch = new StageWatch(engine, $"stop of pod {pod.Id}", "monitor");
        pod.Note(record => record.Stopped(engine.Now), engine.Log);
        await StepAsync(pod, "monitor", () => EndMonitorAsync(engine, pod));
        watch.Enter("cgroup");
        await StepAsync(pod, "cgroup", () =>
        {
            Cgroup.Delete(engine.Cgroups, pod.Record.CgroupPath, s_patience);
            return Task.CompletedTask;
        });
        ContainerExits.Collect(engine, pod, ContainerStatus.KilledExitCode, ContainerStatus.Failed, "killed with its pod");
        if (pod.Record.Network is { } network)
        {
            watch.Enter("network");
            await StepAsync(pod, "network", () => engine.Network.DetachAsync(network, CancellationToken.None));
        }

        pod.Note(record => record.Released(engine.Now), engine.Log);
        engine.Log.PodStopped(pod.Id);
        engine.Publish(ContainerEventType.Stopped, pod.Id, pod);
    }

    /// <summary>Deletes a released pod without containers: directory first, record last.</summary>
    internal static void Delete(EngineContext engine, PodEntry pod)
    {
        PodFiles.DeleteDirectory(engine.PodDirectory(pod.Id));
        pod.Place?.Dispose();
        pod.Delete();
        engine.Pods.TryRemove(pod.Id, out _);
        engine.PodNames.TryRemove(new(pod.Record.Config.Metadata, pod.Id));
        engine.Publish(ContainerEventType.Deleted, pod.Id, null);
    }

    private static async Task EndMonitorAsync(EngineContext engine, PodEntry pod)
    {
        IPodMonitor? monitor = pod.Monitor ?? await FindMonitorAsync(engine, pod);
        if (monitor is null)
        {
            return;
        }

        using var patience = new CancellationTokenSource(s_patience, engine.Clock);
        try
        {
            await monitor.ShutdownAsync(patience.Token);
        }
        catch (Exception e) when (e is MonitorException or OperationCanceledException)
        {
            // It is dead, or does not answer: the cgroup's kill, which comes next, takes its containers.
            monitor.Kill();
        }

        pod.Monitor = null;
        monitor.Dispose();
    }

    /// <summary>A monitor that this gantryd has no connection to: it was started before a crash.</summary>
    private static async Task<IPodMonitor?> FindMonitorAsync(EngineContext engine, PodEntry pod)
    {
        string directory = engine.PodDirectory(pod.Id);
        if (pod.Place is not null || !Directory.Exists(directory))
        {
            return null;
        }

        using var patience = new CancellationTokenSource(s_patience, engine.Clock);
        ReattachedMonitor found = await engine.Monitors.ReattachAsync(directory, new PodListener(engine, pod), patience.Token);
        pod.Place = found.Lock;
        return found.Monitor;
    }

    private static async Task StepAsync(PodEntry pod, string step, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e)
        {
            throw EngineFailure.From($"{step} of pod {pod.Id}", e);
        }
    }
}
