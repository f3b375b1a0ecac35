// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using Gantry.Engine.Events;
using Gantry.Engine.Monitors;
using Gantry.Engine.Records;
using Gantry.MonitorApi;

namespace Gantry.Engine.Containers;

/// <summary>Starts a created container.</summary>
internal static class ContainerStart
{
    internal static async Task RunAsync(EngineContext engine, ContainerEntry container, CancellationToken cancellationToken)
    {
        long begin = Stopwatch.GetTimestamp();
        await container.Gate.WaitAsync(cancellationToken);
        using var watch = new StageWatch(engine, $"start of container {container.Id}", "monitor");
        try
        {
            IPodMonitor monitor = Check(engine, container);
            container.Update(record => record with { StartRequestedAt = engine.Now });
            StartedContainer started = await StartAsync(engine, container, monitor);
            container.Note(record => record with { Status = Started(record.Status, started) }, engine.Log);
            engine.Log.ContainerStarted(
                container.Id, container.Pod.Id, started.Pid, Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
            engine.Publish(ContainerEventType.Started, container.Id, container.Pod);
        }
        catch (IOException e)
        {
            throw EngineFailure.From($"start of container {container.Id}", e);
        }
        finally
        {
            container.Gate.Release();
        }
    }

    private static IPodMonitor Check(EngineContext engine, ContainerEntry container)
    {
        ContainerRecord record = container.Record;
        if (!engine.Containers.ContainsKey(container.Id))
        {
            throw new EngineException(EngineError.NotFound, $"container '{container.Id}' is not known");
        }

        if (record.Status.State != ContainerState.Created || !record.Complete)
        {
            throw new EngineException(
                EngineError.FailedPrecondition, $"cannot start: container {container.Id} is {record.Status.State}");
        }

        return container.Pod.Snapshot.State == Pods.SandboxState.Ready && container.Pod.Monitor is IPodMonitor monitor
            ? monitor
            : throw new EngineException(EngineError.FailedPrecondition, $"cannot start: pod {container.Pod.Id} is not ready");
    }

    private static async Task<StartedContainer> StartAsync(EngineContext engine, ContainerEntry container, IPodMonitor monitor)
    {
        try
        {
            // From here on the kernel changes state: finish or undo, never stop half way.
            return await monitor.StartAsync(container.Id, CancellationToken.None);
        }
        catch (MonitorException e) when (e.Kind == MonitorErrorKind.Disconnected)
        {
            // Whether it ran is not known: the loss of the monitor is settled elsewhere, from what is on disk.
            throw EngineFailure.From($"start of container {container.Id}", e);
        }
        catch (Exception e)
        {
            EngineException failure = EngineFailure.From($"start of container {container.Id}", e);
            container.Note(
                record => record.Exited ? record : record with { Status = record.Status.StartFailed(engine.Now, failure.Message) },
                engine.Log);
            engine.Publish(ContainerEventType.Stopped, container.Id, container.Pod);
            throw failure;
        }
    }

    /// <remarks>The exit of a very short run may have been applied already.</remarks>
    private static ContainerStatus Started(ContainerStatus status, StartedContainer started) =>
        status.State == ContainerState.Exited
            ? status with { StartedAt = status.StartedAt ?? started.StartedAt }
            : status.Started(started.StartedAt, started.Pid);
}
