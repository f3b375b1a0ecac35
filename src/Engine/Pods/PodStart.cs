// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using Gantry.Cgroups;
using Gantry.Engine.Events;
using Gantry.Engine.Monitors;
using Gantry.Engine.Records;
using Gantry.Network;

namespace Gantry.Engine.Pods;

/// <summary>The way from a request to a running pod.</summary>
internal static class PodStart
{
    /// <returns>The new pod's id.</returns>
    /// <exception cref="EngineException">Nothing of the pod is left; or, when undoing failed too, it is listed as not ready.</exception>
    internal static async Task<string> RunAsync(EngineContext engine, PodConfig config, string handler)
    {
        long begin = Stopwatch.GetTimestamp();
        PodRecord plan = Reserve(engine, Plan(engine, config, handler));
        PodEntry pod = await WriteIntentAsync(engine, plan);
        // Held to the end: a monitor that dies meanwhile is judged afterwards.
        await pod.Gate.WaitAsync(CancellationToken.None);
        using var watch = new StageWatch(engine, $"start of pod {pod.Id}", "monitor, network and cgroup");
        try
        {
            await MakeAsync(engine, pod, watch);
        }
        catch (Exception cause)
        {
            watch.Enter("undoing");
            await UndoAsync(engine, pod);
            throw EngineFailure.From($"pod {config.Metadata.Namespace}/{config.Metadata.Name}", cause);
        }
        finally
        {
            pod.Gate.Release();
        }

        engine.Log.PodReady(
            pod.Id, config.Metadata.Namespace, config.Metadata.Name, Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        engine.Publish(ContainerEventType.Created, pod.Id, pod);
        engine.Publish(ContainerEventType.Started, pod.Id, pod);
        return pod.Id;
    }

    private static PodRecord Plan(EngineContext engine, PodConfig config, string handler)
    {
        PodRecord plan = PodPlan.Make(config, handler, engine.Options, engine.Now);
        try
        {
            // Only to have the path judged by those who will make it.
            Cgroup.TryOpen(engine.Cgroups, plan.CgroupPath)?.Dispose();
            return plan;
        }
        catch (CgroupException e)
        {
            throw EngineFailure.From("linux.cgroup_parent", e);
        }
    }

    private static PodRecord Reserve(EngineContext engine, PodRecord plan)
    {
        try
        {
            return plan.HostNetwork ? plan : plan with { Network = engine.Network.Reserve(PodPlan.NetworkRequest(plan)) };
        }
        catch (NetworkException e)
        {
            throw EngineFailure.From($"network of pod {plan.Config.Metadata.Namespace}/{plan.Config.Metadata.Name}", e);
        }
    }

    /// <summary>From here on the disk names everything that the pod may own.</summary>
    private static async Task<PodEntry> WriteIntentAsync(EngineContext engine, PodRecord plan)
    {
        try
        {
            engine.PodRecords.Put(plan.Id, plan);
        }
        catch (IOException e)
        {
            if (plan.Network is not null)
            {
                await engine.Network.DetachAsync(plan.Network, CancellationToken.None);
            }

            throw EngineFailure.From($"record of pod {plan.Id}", e);
        }

        var pod = new PodEntry(engine.PodRecords, plan);
        engine.Pods[pod.Id] = pod;
        engine.PodNames[plan.Config.Metadata] = pod.Id;
        return pod;
    }

    private static async Task MakeAsync(EngineContext engine, PodEntry pod, StageWatch watch)
    {
        string directory = engine.PodDirectory(pod.Id);
        PodFiles.MakeDirectory(directory);
        PodFiles.MakeLogDirectory(pod.Record.Config.LogDirectory);
        // Side by side, and both awaited even when one fails: what they make must be known before it is undone.
        Task launch = LaunchAsync(engine, pod, directory);
        Task<PodAttachment?> attach = AttachAsync(engine, pod);
        Task cgroup = MakeCgroupAsync(engine, pod);
        await Task.WhenAll(launch, attach, cgroup).ContinueWith(
            static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        using PodAttachment? attachment = attach.IsCompletedSuccessfully ? await attach : null;
        await Task.WhenAll(launch, attach, cgroup);
        watch.Enter("configuration of the monitor");
        PodFiles.Write(directory, pod.Record, pod.Snapshot.Addresses, engine.Options.ResolvConf);
        await pod.Monitor!.ConfigureAsync(PodPlan.Configuration(pod.Record), attachment?.Namespace, CancellationToken.None);
        pod.Update(record => record with { ReadyAt = engine.Now });
    }

    private static Task MakeCgroupAsync(EngineContext engine, PodEntry pod)
    {
        try
        {
            Cgroup.Create(engine.Cgroups, pod.Record.CgroupPath).Dispose();
            return Task.CompletedTask;
        }
        catch (Exception e) when (e is IOException or CgroupException)
        {
            return Task.FromException(e);
        }
    }

    private static async Task LaunchAsync(EngineContext engine, PodEntry pod, string directory)
    {
        using var patience = new CancellationTokenSource(engine.Options.MonitorStartTimeout, engine.Clock);
        IPodMonitor monitor = await engine.Monitors.LaunchAsync(directory, new PodListener(engine, pod), patience.Token);
        pod.Monitor = monitor;
    }

    private static async Task<PodAttachment?> AttachAsync(EngineContext engine, PodEntry pod)
    {
        if (pod.Record.Network is not PodNetworkRecord reserved)
        {
            return null;
        }

        PodAttachment attachment = await engine.Network.AttachAsync(reserved, CancellationToken.None);
        try
        {
            pod.Update(record => record with { Network = attachment.Record });
            return attachment;
        }
        catch
        {
            // The reserved record names enough to undo it.
            attachment.Dispose();
            throw;
        }
    }

    private static async Task UndoAsync(EngineContext engine, PodEntry pod)
    {
        try
        {
            await PodRelease.ReleaseAsync(engine, pod);
            PodRelease.Delete(engine, pod);
        }
        catch (Exception e) when (e is EngineException or IOException)
        {
            engine.Log.PodUndoFailed(pod.Id, e);
        }
    }
}
