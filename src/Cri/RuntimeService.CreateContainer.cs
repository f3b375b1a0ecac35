// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.Mapping;
using Gantry.Cri.V1;
using Grpc.Core;

namespace Gantry.Cri;

internal sealed partial class RuntimeService
{
    public override async Task<CreateContainerResponse> CreateContainer(
        CreateContainerRequest request, ServerCallContext context)
    {
        string podId = Lookup.PodId(engine, request.PodSandboxId);
        Engine.Containers.ContainerConfig config = ContainerConfigMap.FromWire(Require.Present("config", request.Config));

        string id = await engine.Containers.CreateAsync(podId, config, context.CancellationToken);

        return new CreateContainerResponse { ContainerId = id };
    }
}
