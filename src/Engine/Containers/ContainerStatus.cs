// SPDX-License-Identifier: Apache-2.0
using System.Text.Json.Serialization;

namespace Gantry.Engine.Containers;

/// <summary>Numbers are the CRI's.</summary>
public enum ContainerState
{
    Created = 0,
    Running = 1,
    Exited = 2,
    Unknown = 3,
}

/// <summary>Facts about a container's life; the state follows from them.</summary>
/// <remarks>
/// <code>
/// Created --Started--> Running --Exited--> Exited
///    \-------StartFailed, Exited------------/
/// </code>
/// </remarks>
public sealed record ContainerStatus
{
    public const string Completed = "Completed";
    public const string Failed = "Error";
    public const string OomKilled = "OOMKilled";
    public const string StartError = "StartError";

    /// <summary>The monitor died, and the container with it.</summary>
    public const string MonitorLost = "MonitorLost";

    /// <summary>The node was restarted while the container ran.</summary>
    public const string Unknown = "Unknown";

    /// <summary>Killed by SIGKILL: 128 + 9.</summary>
    public const int KilledExitCode = 137;

    /// <summary>The exit code when nobody can know it, as containerd reports it.</summary>
    public const int UnknownExitCode = 255;

    /// <summary>The exit code of a container whose start failed, as Kubernetes knows it.</summary>
    public const int StartErrorExitCode = 128;

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Exit status, 0 to 255; 128 + n when signal n ended the process.</summary>
    public int? ExitCode { get; init; }

    /// <summary>One CamelCase word for machines, such as <c>OOMKilled</c>.</summary>
    public string? Reason { get; init; }

    /// <summary>A sentence for people.</summary>
    public string? Message { get; init; }

    /// <summary>Process id of the container's init on the node; never on disk, where it would outlive its meaning.</summary>
    [JsonIgnore]
    public int? Pid { get; init; }

    [JsonIgnore]
    public ContainerState State =>
        FinishedAt is not null ? ContainerState.Exited
        : StartedAt is not null ? ContainerState.Running
        : ContainerState.Created;

    /// <exception cref="EngineException"><see cref="EngineError.FailedPrecondition"/> unless Created.</exception>
    public ContainerStatus Started(DateTimeOffset at, int pid) =>
        State == ContainerState.Created ? this with { StartedAt = at, Pid = pid } : throw Refused("start");

    /// <exception cref="EngineException"><see cref="EngineError.FailedPrecondition"/> unless Created.</exception>
    public ContainerStatus StartFailed(DateTimeOffset at, string message) => State == ContainerState.Created
        ? this with { FinishedAt = at, ExitCode = StartErrorExitCode, Reason = StartError, Message = message }
        : throw Refused("fail the start");

    /// <summary>Records the exit. A second report changes nothing: the exit record and the event may both arrive.</summary>
    /// <remarks>A container that is only created may end too: the event of a very short run can overtake the answer to its start.</remarks>
    /// <param name="reason"><see langword="null"/>: Completed or Error by the exit code.</param>
    public ContainerStatus Exited(DateTimeOffset at, int exitCode, string? reason, string? message = null) =>
        State == ContainerState.Exited
            ? this
            : this with
            {
                FinishedAt = at,
                ExitCode = exitCode,
                Reason = reason ?? (exitCode == 0 ? Completed : Failed),
                Message = message,
                Pid = null,
            };

    private EngineException Refused(string action) =>
        new(EngineError.FailedPrecondition, $"cannot {action}: container is {State}");
}
