// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.Mapping;
using Gantry.Cri.V1;
using Grpc.Core;

namespace Gantry.Cri;

internal sealed partial class RuntimeService
{
    public override async Task<UpdateContainerResourcesResponse> UpdateContainerResources(
        UpdateContainerResourcesRequest request, ServerCallContext context)
    {
        string id = Lookup.ContainerId(engine, request.ContainerId);
        Engine.Containers.ContainerResources resources = ResourcesMap.FromWire("linux", Require.Present("linux", request.Linux));

        await engine.Containers.UpdateResourcesAsync(id, resources, context.CancellationToken);

        return new UpdateContainerResourcesResponse();
    }
}
