// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Events;
using Gantry.Engine.Monitors;
using Gantry.MonitorApi;

namespace Gantry.Engine.Containers;

/// <summary>
/// Takes away what a container owns, from any state: the end of a removal, the undoing of a failed creation, and the clean-up
/// after a crash are this one way. Every step takes "gone already" for success. The caller holds the container's gate.
/// </summary>
internal static class ContainerRelease
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    /// <exception cref="EngineException">A step failed: the container stays; call again.</exception>
    internal static async Task ReleaseAsync(EngineContext engine, ContainerEntry container)
    {
        try
        {
            await ForgetInMonitorAsync(engine, container);
            engine.Snapshots.Remove(container.Id);
            engine.Volumes.Remove(container.Id);
            container.Delete();
        }
        catch (Exception e) when (e is not EngineException)
        {
            throw EngineFailure.From($"removal of container {container.Id}", e);
        }

        engine.Containers.TryRemove(container.Id, out _);
        container.Pod.Containers.TryRemove(container.Id, out _);
        engine.ContainerNames.TryRemove(new(NameOf(container), container.Id));
    }

    internal static ContainerName NameOf(ContainerEntry container) => new(
        container.Record.PodId, container.Record.Config.Metadata.Name, container.Record.Config.Metadata.Attempt);

    private static async Task ForgetInMonitorAsync(EngineContext engine, ContainerEntry container)
    {
        if (container.Pod.Monitor is not IPodMonitor monitor)
        {
            return;
        }

        using var patience = new CancellationTokenSource(s_patience, engine.Clock);
        try
        {
            await monitor.DeleteAsync(container.Id, patience.Token);
        }
        catch (MonitorException e) when (e.Kind is MonitorErrorKind.NotFound or MonitorErrorKind.Disconnected)
        {
            // A monitor that does not know it, or is dead, holds nothing of it.
        }
    }
}

/// <summary>Removes containers.</summary>
internal static class ContainerRemoval
{
    /// <summary>Kills the container if it runs, and removes it.</summary>
    internal static async Task RemoveAsync(EngineContext engine, ContainerEntry container, CancellationToken cancellationToken)
    {
        await container.Gate.WaitAsync(cancellationToken);
        try
        {
            if (!engine.Containers.ContainsKey(container.Id))
            {
                return;
            }

            container.Note(record => record with { RemovedAt = record.RemovedAt ?? engine.Now }, engine.Log);
            await ContainerRelease.ReleaseAsync(engine, container);
        }
        finally
        {
            container.Gate.Release();
        }

        engine.Log.ContainerRemoved(container.Id);
        engine.Publish(ContainerEventType.Deleted, container.Id, container.Pod);
    }
}
