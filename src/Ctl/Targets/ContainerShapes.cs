// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;
using Google.Protobuf.Collections;
using Gantry.Cri.V1;
using Gantry.Ctl.Daemon;
using Gantry.Ctl.Output;
using Grpc.Core;

namespace Gantry.Ctl.Targets;

/// <summary>From CRI's messages to what the command prints.</summary>
internal static class ContainerShapes
{
    internal static async Task<ContainerShape> ReadAsync(DaemonClient daemon, ContainerTarget target, CancellationToken cancellationToken)
    {
        try
        {
            ContainerStatusResponse answer = await daemon.Runtime.ContainerStatusAsync(
                new ContainerStatusRequest { ContainerId = target.Id, Verbose = true }, cancellationToken: cancellationToken);
            return Of(target, answer.Status, Pid(answer.Info));
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            // Removed between list and status.
            return Of(target, new ContainerStatus { State = ContainerState.ContainerUnknown, Image = target.Container.Image }, null);
        }
    }

    internal static ContainerShape Of(ContainerTarget target, ContainerStatus status, int? pid) => new()
    {
        Id = target.Id,
        Name = target.Name,
        PodId = target.Container.PodSandboxId,
        Pod = target.Pod?.Metadata.Name ?? "",
        Namespace = target.Pod?.Metadata.Namespace ?? "",
        Image = ImageName(target.Container.Image),
        ImageId = target.Container.ImageRef,
        State = State(status.State),
        Attempt = target.Container.Metadata.Attempt,
        CreatedAt = Words.Time(target.Container.CreatedAt),
        StartedAt = Words.TimeOrNull(status.StartedAt),
        FinishedAt = Words.TimeOrNull(status.FinishedAt),
        ExitCode = status.State == ContainerState.ContainerExited ? status.ExitCode : null,
        Reason = NullIfEmpty(status.Reason),
        Message = NullIfEmpty(status.Message),
        LogPath = NullIfEmpty(status.LogPath),
        Pid = pid,
        Ports = target.Pod?.Annotations.GetValueOrDefault(RunLabels.Ports),
        Labels = target.Container.Labels,
        Annotations = target.Container.Annotations,
        Mounts = [.. status.Mounts.Select(mount => new MountShape(mount.HostPath, mount.ContainerPath, mount.Readonly, Propagation(mount)))],
        Resources = Resources(status.Resources?.Linux),
        User = status.User?.Linux is LinuxContainerUser user ? new UserShape(user.Uid, user.Gid, user.SupplementalGroups) : null,
    };

    internal static string State(ContainerState state) => state switch
    {
        ContainerState.ContainerCreated => "created",
        ContainerState.ContainerRunning => "running",
        ContainerState.ContainerExited => "exited",
        _ => "unknown",
    };

    private static string ImageName(ImageSpec? image) =>
        image is null ? "" : image.UserSpecifiedImage.Length > 0 ? image.UserSpecifiedImage : image.Image;

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    private static string Propagation(Mount mount) => mount.Propagation switch
    {
        MountPropagation.PropagationHostToContainer => "hostToContainer",
        MountPropagation.PropagationBidirectional => "bidirectional",
        _ => "private",
    };

    private static ResourcesShape? Resources(LinuxContainerResources? linux) => linux is null
        ? null
        : new ResourcesShape(linux.CpuPeriod, linux.CpuQuota, linux.CpuShares, linux.MemoryLimitInBytes, linux.CpusetCpus);

    private static int? Pid(MapField<string, string> info)
    {
        if (!info.TryGetValue("info", out string? json))
        {
            return null;
        }

        using JsonDocument document = JsonDocument.Parse(json);
        return document.RootElement.TryGetProperty("pid", out JsonElement pid) && pid.GetInt32() > 0 ? pid.GetInt32() : null;
    }
}
