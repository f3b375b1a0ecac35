// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using Gantry.Engine.Events;
using Gantry.Engine.Monitors;
using Gantry.Engine.Pods;
using Gantry.MonitorApi;
using Gantry.Storage.Snapshots;

namespace Gantry.Engine.Containers;

/// <summary>The way from a request to a created container.</summary>
internal static class ContainerCreation
{
    /// <exception cref="EngineException">Nothing of the container is left; or, when undoing failed too, it is listed and can be removed.</exception>
    internal static async Task<string> RunAsync(EngineContext engine, PodEntry pod, ContainerConfig config)
    {
        long begin = Stopwatch.GetTimestamp();
        ContainerPlan plan = ContainerPlan.Make(engine, pod, config);
        var container = new ContainerEntry(engine.ContainerRecords, pod, plan.Record);
        await container.Gate.WaitAsync(CancellationToken.None);
        using var watch = new StageWatch(engine, $"creation of container {container.Id}", "snapshot and volumes");
        try
        {
            Enter(engine, pod, container);
            await MakeAsync(engine, pod, container, plan, watch);
        }
        catch (Exception cause)
        {
            watch.Enter("undoing");
            await UndoAsync(engine, container);
            throw EngineFailure.From($"container {config.Metadata.Name} of pod {pod.Id}", cause);
        }
        finally
        {
            container.Gate.Release();
        }

        engine.Log.ContainerCreated(
            container.Id, pod.Id, container.Record.ImageId, Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        engine.Publish(ContainerEventType.Created, container.Id, pod);
        return container.Id;
    }

    /// <summary>From here on the disk names everything that the container may own.</summary>
    private static void Enter(EngineContext engine, PodEntry pod, ContainerEntry container)
    {
        if (!pod.TryAdd(container))
        {
            throw NotReady(pod);
        }

        engine.Containers[container.Id] = container;
        engine.ContainerNames[ContainerRelease.NameOf(container)] = container.Id;
        container.Update(static record => record);
    }

    private static async Task MakeAsync(
        EngineContext engine, PodEntry pod, ContainerEntry container, ContainerPlan plan, StageWatch watch)
    {
        Snapshot snapshot = engine.PrepareSnapshot(container.Id, plan.Image);
        foreach (SpecBuilder.PlannedVolume volume in plan.Volumes)
        {
            engine.Volumes.Create(container.Id, volume.Index);
        }

        watch.Enter("host paths of mounts");
        MakeHostPaths(container.Record.Config.Mounts);
        IPodMonitor monitor = pod.Monitor ?? throw NotReady(pod);
        watch.Enter("monitor");
        var rootfs = new RootfsLayers { Lower = snapshot.Lower, Upper = snapshot.Upper, Work = snapshot.Work };
        CreatedContainer created = await monitor.CreateAsync(plan.Message(rootfs, pod), CancellationToken.None);
        container.Update(record => record with
        {
            Complete = true,
            User = new ResolvedUser(created.Uid, created.Gid, created.AdditionalGids),
        });
    }

    /// <remarks>containerd and CRI-O make a host path that is missing; manifests rely on it.</remarks>
    private static void MakeHostPaths(IReadOnlyList<ContainerMount> mounts)
    {
        foreach (string path in mounts.Select(static m => m.HostPath).Where(static p => p.Length > 0))
        {
            if (!Path.Exists(path))
            {
                Directory.CreateDirectory(path);
            }
        }
    }

    private static async Task UndoAsync(EngineContext engine, ContainerEntry container)
    {
        try
        {
            await ContainerRelease.ReleaseAsync(engine, container);
        }
        catch (EngineException e)
        {
            container.Stuck = true;
            engine.Log.ContainerUndoFailed(container.Id, e);
        }
    }

    private static EngineException NotReady(PodEntry pod) =>
        new(EngineError.FailedPrecondition, $"pod {pod.Id} is not ready");
}
