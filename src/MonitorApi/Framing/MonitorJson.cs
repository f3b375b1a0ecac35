// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gantry.MonitorApi.Framing;

/// <summary>Serializers of everything that crosses the border between gantryd and a monitor.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(Envelope))]
[JsonSerializable(typeof(MonitorError))]
[JsonSerializable(typeof(MonitorReady))]
[JsonSerializable(typeof(ConfigurePod))]
[JsonSerializable(typeof(ConfiguredPod))]
[JsonSerializable(typeof(CreateContainer))]
[JsonSerializable(typeof(CreatedContainer))]
[JsonSerializable(typeof(StartContainer))]
[JsonSerializable(typeof(StartedContainer))]
[JsonSerializable(typeof(SignalContainer))]
[JsonSerializable(typeof(ExecProcess))]
[JsonSerializable(typeof(StartedExec))]
[JsonSerializable(typeof(KillExec))]
[JsonSerializable(typeof(ReopenLog))]
[JsonSerializable(typeof(UpdateContainer))]
[JsonSerializable(typeof(DeleteContainer))]
[JsonSerializable(typeof(PodState))]
[JsonSerializable(typeof(ContainerExit))]
[JsonSerializable(typeof(ExecExit))]
[JsonSerializable(typeof(ContainerOom))]
[JsonSerializable(typeof(Done))]
public sealed partial class MonitorJson : JsonSerializerContext;

/// <summary>What a frame holds: a request (id, call), an answer (id), or an event (event).</summary>
public sealed record Envelope
{
    public long? Id { get; init; }

    /// <summary>Name of the request, from <see cref="MonitorCalls"/>.</summary>
    public string? Call { get; init; }

    /// <summary>Name of the event, from <see cref="MonitorCalls"/>.</summary>
    public string? Event { get; init; }

    /// <summary>Descriptors that came with the frame.</summary>
    public int Fds { get; init; }

    public MonitorError? Error { get; init; }

    /// <summary>Fields of the request, result of the answer, or facts of the event.</summary>
    public JsonElement Body { get; init; }
}

/// <summary>Names of requests and events.</summary>
public static class MonitorCalls
{
    public const string Configure = "configure";
    public const string Create = "create";
    public const string Start = "start";
    public const string Signal = "signal";
    public const string Exec = "exec";
    public const string KillExec = "killExec";
    public const string ReopenLog = "reopenLog";
    public const string Update = "update";
    public const string Delete = "delete";
    public const string List = "list";
    public const string Shutdown = "shutdown";

    public const string Ready = "ready";
    public const string StartFailed = "startFailed";
    public const string ContainerExited = "containerExited";
    public const string ExecExited = "execExited";
    public const string ContainerOom = "containerOom";
}
