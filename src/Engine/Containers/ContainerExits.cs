// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;
using Gantry.Engine.Events;
using Gantry.Engine.Pods;
using Gantry.Engine.Records;
using Gantry.MonitorApi;

namespace Gantry.Engine.Containers;

/// <summary>Applies the end of a container, once, from whichever source tells it first.</summary>
internal static class ContainerExits
{
    internal static void Apply(EngineContext engine, ContainerEntry container, ContainerExit exit) =>
        Note(engine, container, record => record with { Status = Ended(record.Status, exit) });

    /// <summary>For a container of which nobody saw the end.</summary>
    internal static void ApplyUnseen(EngineContext engine, ContainerEntry container, int exitCode, string reason, string message) =>
        Note(engine, container, record => record.StartRequestedAt is null
            ? record with { Status = record.Status.StartFailed(engine.Now, "the pod ended before the container was started") }
            : record with { Status = record.Status.Exited(engine.Now, exitCode, reason, message) });

    /// <summary>Applies what the dead or dying monitor of a pod has left on disk, then settles the rest.</summary>
    /// <param name="reason">For running containers without an exit file.</param>
    internal static void Collect(EngineContext engine, PodEntry pod, int exitCode, string reason, string message)
    {
        foreach (ContainerEntry container in pod.Containers.Values.Where(static c => c.Record.Complete && !c.Record.Exited))
        {
            if (TryReadFile(engine, container) is ContainerExit exit)
            {
                Apply(engine, container, exit);
            }
            else
            {
                ApplyUnseen(engine, container, exitCode, reason, message);
            }
        }
    }

    private static ContainerExit? TryReadFile(EngineContext engine, ContainerEntry container)
    {
        string directory = engine.PodDirectory(container.Pod.Id);
        try
        {
            return ExitRecords.TryRead(directory, container.Id);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            engine.Log.ExitFileUnreadable($"{directory}/{ExitRecords.DirectoryName}/{container.Id}.json", e);
            return null;
        }
    }

    private static ContainerStatus Ended(ContainerStatus status, ContainerExit exit)
    {
        ContainerStatus started = status.StartedAt is null ? status with { StartedAt = exit.StartedAt } : status;
        string? reason = exit.OomKilled ? ContainerStatus.OomKilled : null;
        return started.Exited(exit.FinishedAt, exit.ExitCode, reason);
    }

    private static void Note(EngineContext engine, ContainerEntry container, Func<ContainerRecord, ContainerRecord> change)
    {
        bool news = container.Note(record => record.Exited ? record : change(record), engine.Log);
        if (news)
        {
            ContainerStatus status = container.Record.Status;
            engine.Log.ContainerExited(container.Id, status.ExitCode ?? 0, status.Reason);
            engine.Publish(ContainerEventType.Stopped, container.Id, container.Pod);
        }
    }
}
