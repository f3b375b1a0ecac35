// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.V1;
using Gantry.Ctl.Daemon;
using Gantry.Ctl.Output;
using Grpc.Core;

namespace Gantry.Ctl.Targets;

internal static class PodShapes
{
    internal static async Task<PodShape> ReadAsync(
        DaemonClient daemon, PodTarget target, IReadOnlyList<ContainerShape>? containers, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> addresses = [];
        try
        {
            PodSandboxStatusResponse answer = await daemon.Runtime.PodSandboxStatusAsync(
                new PodSandboxStatusRequest { PodSandboxId = target.Id }, cancellationToken: cancellationToken);
            PodSandboxNetworkStatus? network = answer.Status.Network;
            addresses = network is null || network.Ip.Length == 0 ? [] : [network.Ip, .. network.AdditionalIps.Select(ip => ip.Ip)];
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            // Removed between list and status: what the list said is all there is.
        }

        PodSandbox pod = target.Pod;
        return new PodShape
        {
            Id = pod.Id,
            Name = pod.Metadata.Name,
            Namespace = pod.Metadata.Namespace,
            Uid = pod.Metadata.Uid,
            Attempt = pod.Metadata.Attempt,
            State = pod.State == PodSandboxState.SandboxReady ? "ready" : "notready",
            CreatedAt = Words.Time(pod.CreatedAt),
            Addresses = addresses,
            RuntimeHandler = pod.RuntimeHandler,
            Labels = pod.Labels,
            Annotations = pod.Annotations,
            Containers = containers,
        };
    }
}
