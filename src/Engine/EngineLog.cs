// SPDX-License-Identifier: Apache-2.0
using Microsoft.Extensions.Logging;

namespace Gantry.Engine;

/// <summary>Log events of the engine: ids 2000 to 2999. An id is never reused for another meaning.</summary>
internal static partial class EngineLog
{
    [LoggerMessage(2001, LogLevel.Information, "Pod {SandboxId} ({PodNamespace}/{PodName}) runs after {ElapsedMs} ms")]
    public static partial void PodReady(
        this ILogger logger, string sandboxId, string podNamespace, string podName, double elapsedMs);

    [LoggerMessage(2002, LogLevel.Information, "Pod {SandboxId} stopped")]
    public static partial void PodStopped(this ILogger logger, string sandboxId);

    [LoggerMessage(2003, LogLevel.Information, "Pod {SandboxId} removed")]
    public static partial void PodRemoved(this ILogger logger, string sandboxId);

    [LoggerMessage(2004, LogLevel.Warning, "Pod {SandboxId} could not be undone; it stays visible until it can be removed")]
    public static partial void PodUndoFailed(this ILogger logger, string sandboxId, Exception cause);

    [LoggerMessage(2005, LogLevel.Error, "The monitor of pod {SandboxId} died; its containers are dead")]
    public static partial void MonitorLost(this ILogger logger, string sandboxId);

    [LoggerMessage(2006, LogLevel.Warning, "The connection to the monitor of pod {SandboxId} broke and was made again")]
    public static partial void MonitorReattached(this ILogger logger, string sandboxId);

    [LoggerMessage(2007, LogLevel.Error, "Pod {SandboxId}: what its dead monitor left could not be cleared")]
    public static partial void MonitorLossUnhandled(this ILogger logger, string sandboxId, Exception cause);

    [LoggerMessage(2008, LogLevel.Warning, "Creation of {Name} failed after its caller had given up")]
    public static partial void CreationFailedUnheard(this ILogger logger, string name, Exception cause);

    [LoggerMessage(2009, LogLevel.Warning, "{Operation} does not get on: at stage '{Stage}' for {Seconds} s")]
    public static partial void StillAtStage(this ILogger logger, string operation, string stage, double seconds);

    [LoggerMessage(2101, LogLevel.Information,
        "Container {ContainerId} of sandbox {SandboxId} started as pid {Pid} in {ElapsedMs} ms")]
    public static partial void ContainerStarted(
        this ILogger logger, string containerId, string sandboxId, int pid, double elapsedMs);

    [LoggerMessage(2102, LogLevel.Information,
        "Container {ContainerId} of sandbox {SandboxId} created from {ImageRef} in {ElapsedMs} ms")]
    public static partial void ContainerCreated(
        this ILogger logger, string containerId, string sandboxId, string imageRef, double elapsedMs);

    [LoggerMessage(2103, LogLevel.Information, "Container {ContainerId} exited with {ExitCode} ({Reason})")]
    public static partial void ContainerExited(this ILogger logger, string containerId, int exitCode, string? reason);

    [LoggerMessage(2104, LogLevel.Information, "Container {ContainerId} removed")]
    public static partial void ContainerRemoved(this ILogger logger, string containerId);

    [LoggerMessage(2105, LogLevel.Warning, "Container {ContainerId} could not be undone; it stays visible until it can be removed")]
    public static partial void ContainerUndoFailed(this ILogger logger, string containerId, Exception cause);

    [LoggerMessage(2106, LogLevel.Error, "A fact about {ObjectId} could not be written; memory has it, the disk has not")]
    public static partial void RecordNotWritten(this ILogger logger, string objectId, Exception cause);

    [LoggerMessage(2107, LogLevel.Warning, "Exit file {Path} is unreadable")]
    public static partial void ExitFileUnreadable(this ILogger logger, string path, Exception cause);

    [LoggerMessage(2201, LogLevel.Information,
        "Recovered {Pods} pods and {Containers} containers in {ElapsedMs} ms")]
    public static partial void Recovered(this ILogger logger, int pods, int containers, double elapsedMs);

    [LoggerMessage(2202, LogLevel.Warning, "Leftover removed: {What}")]
    public static partial void LeftoverRemoved(this ILogger logger, string what);

    [LoggerMessage(2203, LogLevel.Error, "Leftover not removed: {What}")]
    public static partial void LeftoverStays(this ILogger logger, string what, Exception cause);

    [LoggerMessage(2204, LogLevel.Error, "Record {Key} was damaged ({Cause}) and moved to {Path}")]
    public static partial void RecordQuarantined(this ILogger logger, string key, string cause, string path);

    [LoggerMessage(2205, LogLevel.Error, "Pod {SandboxId} could not be recovered; it is reported as not ready")]
    public static partial void PodNotRecovered(this ILogger logger, string sandboxId, Exception cause);

    [LoggerMessage(2206, LogLevel.Error, "The network's background work ended")]
    public static partial void NetworkLoopFailed(this ILogger logger, Exception cause);
}
