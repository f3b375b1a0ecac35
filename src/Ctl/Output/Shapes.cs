// SPDX-License-Identifier: Apache-2.0
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gantry.Ctl.Output;

// What --output json prints. Fields are only ever added: scripts rely on them.

internal sealed record ContainerShape
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string PodId { get; init; }

    public required string Pod { get; init; }

    public required string Namespace { get; init; }

    public required string Image { get; init; }

    public required string ImageId { get; init; }

    /// <summary>created, running, exited or unknown.</summary>
    public required string State { get; init; }

    public required uint Attempt { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public int? ExitCode { get; init; }

    public string? Reason { get; init; }

    public string? Message { get; init; }

    public string? LogPath { get; init; }

    public int? Pid { get; init; }

    public string? Ports { get; init; }

    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    public required IReadOnlyDictionary<string, string> Annotations { get; init; }

    public IReadOnlyList<MountShape>? Mounts { get; init; }

    public ResourcesShape? Resources { get; init; }

    public UserShape? User { get; init; }
}

internal sealed record MountShape(string HostPath, string ContainerPath, bool Readonly, string Propagation);

internal sealed record UserShape(long Uid, long Gid, IReadOnlyList<long> SupplementalGroups);

/// <summary>Zero: no limit.</summary>
internal sealed record ResourcesShape(long CpuPeriod, long CpuQuota, long CpuShares, long MemoryLimitBytes, string CpusetCpus);

internal sealed record PodShape
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string Namespace { get; init; }

    public required string Uid { get; init; }

    public required uint Attempt { get; init; }

    /// <summary>ready or notready.</summary>
    public required string State { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required IReadOnlyList<string> Addresses { get; init; }

    public required string RuntimeHandler { get; init; }

    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    public required IReadOnlyDictionary<string, string> Annotations { get; init; }

    public IReadOnlyList<ContainerShape>? Containers { get; init; }
}

internal sealed record ImageShape
{
    public required string Id { get; init; }

    public required IReadOnlyList<string> Tags { get; init; }

    public required IReadOnlyList<string> Digests { get; init; }

    /// <summary>Bytes.</summary>
    public required ulong Size { get; init; }

    public long? Uid { get; init; }

    public string? Username { get; init; }

    public required bool Pinned { get; init; }
}

internal sealed record VersionShape(string Client, string? Server, string? RuntimeName, string? ApiVersion);

internal sealed record FindingShape(string Name, string State, string Message, string NextStep);

internal sealed record InfoShape
{
    public required string Version { get; init; }

    public required int Pid { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required string Root { get; init; }

    public required string State { get; init; }

    public required string Config { get; init; }

    public required string CgroupDriver { get; init; }

    public required string CgroupVersion { get; init; }

    public required string Network { get; init; }

    public required string Snapshotter { get; init; }

    public required uint Pods { get; init; }

    public required uint Containers { get; init; }

    public required uint Images { get; init; }

    public required IReadOnlyList<ConditionShape> Conditions { get; init; }

    public required IReadOnlyDictionary<string, string> Settings { get; init; }

    public IReadOnlyList<FindingShape> Node { get; init; } = [];
}

internal sealed record ConditionShape(string Type, bool Ready, string Reason, string Message);

internal sealed record ExecShape(int ExitCode, string Stdout, string Stderr);

/// <param name="Id">Of what the command acted on.</param>
internal sealed record ActionShape(string Action, string Id, string Name);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<ContainerShape>))]
[JsonSerializable(typeof(IReadOnlyList<PodShape>))]
[JsonSerializable(typeof(IReadOnlyList<ImageShape>))]
[JsonSerializable(typeof(IReadOnlyList<ActionShape>))]
[JsonSerializable(typeof(VersionShape))]
[JsonSerializable(typeof(InfoShape))]
[JsonSerializable(typeof(ExecShape))]
internal sealed partial class ShapeJson : JsonSerializerContext
{
    /// <summary>For terminals and scripts, not for HTML: '+' and '&lt;' stay what they are.</summary>
    internal static ShapeJson Printed =>
        s_printed ??= new ShapeJson(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private static ShapeJson? s_printed;
}
