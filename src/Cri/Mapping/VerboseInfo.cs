// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;
using System.Text.Json.Serialization;
using Gantry.Engine;
using Gantry.Engine.Containers;
using Gantry.Engine.Images;
using Gantry.Engine.Pods;

namespace Gantry.Cri.Mapping;

/// <summary>What CRI's verbose answers carry besides the status: JSON for people and scripts. Never environment variables or credentials.</summary>
internal static class VerboseInfo
{
    /// <summary>The key under which crictl looks for it.</summary>
    internal const string Key = "info";

    internal static string Of(Pod pod) => JsonSerializer.Serialize(
        new PodInfo(pod.MonitorPid ?? 0, pod.CgroupPath, pod.Addresses, pod.ReadyAt, pod.StoppedAt), InfoJson.Default.PodInfo);

    internal static string Of(Container container) => JsonSerializer.Serialize(
        new ContainerInfo(
            container.Status.Pid ?? 0,
            container.PodId,
            container.Config.Security.Privileged,
            container.StopSignal,
            [.. container.Config.Command, .. container.Config.Args]),
        InfoJson.Default.ContainerInfo);

    internal static string Of(ImageInfo image) => JsonSerializer.Serialize(
        new ImageDetails(image.Id, image.Tags, image.Digests, image.Size), InfoJson.Default.ImageDetails);

    internal static string Of(EngineOptions options) => JsonSerializer.Serialize(
        new NodeInfo(
            options.Root, options.State, options.CgroupDriver.ToString().ToLowerInvariant(), options.DefaultCgroupParent, options.MonitorProgram),
        InfoJson.Default.NodeInfo);
}

/// <param name="Pid">The pod's monitor; 0: none.</param>
internal sealed record PodInfo(
    int Pid, string CgroupPath, IReadOnlyList<string> Addresses, DateTimeOffset? ReadyAt, DateTimeOffset? StoppedAt);

/// <param name="Pid">The container's init on the node; 0: not running.</param>
internal sealed record ContainerInfo(int Pid, string SandboxID, bool Privileged, int StopSignal, IReadOnlyList<string> Command);

internal sealed record ImageDetails(string Id, IReadOnlyList<string> Tags, IReadOnlyList<string> Digests, ulong Size);

internal sealed record NodeInfo(string Root, string State, string CgroupDriver, string CgroupParent, string MonitorProgram);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PodInfo))]
[JsonSerializable(typeof(ContainerInfo))]
[JsonSerializable(typeof(ImageDetails))]
[JsonSerializable(typeof(NodeInfo))]
internal sealed partial class InfoJson : JsonSerializerContext;
