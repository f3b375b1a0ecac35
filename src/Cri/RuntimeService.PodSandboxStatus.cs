// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.Mapping;
using Gantry.Cri.V1;
using Grpc.Core;

namespace Gantry.Cri;

internal sealed partial class RuntimeService
{
    public override Task<PodSandboxStatusResponse> PodSandboxStatus(PodSandboxStatusRequest request, ServerCallContext context)
    {
        string id = Lookup.PodId(engine, request.PodSandboxId);

        Engine.Pods.Pod pod = engine.Pods.Status(id);

        var response = new PodSandboxStatusResponse
        {
            Status = PodMap.Status(pod),
            Timestamp = WireTime.Nanoseconds(DateTimeOffset.UtcNow),
        };
        response.ContainersStatuses.AddRange(
            engine.Containers.List(new Engine.Containers.ContainerFilter { PodId = pod.Id }).Select(ContainerMap.Status));
        if (request.Verbose)
        {
            response.Info.Add(VerboseInfo.Key, VerboseInfo.Of(pod));
        }

        return Task.FromResult(response);
    }
}
