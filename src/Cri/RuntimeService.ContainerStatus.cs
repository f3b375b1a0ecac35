// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.Mapping;
using Gantry.Cri.V1;
using Grpc.Core;

namespace Gantry.Cri;

internal sealed partial class RuntimeService
{
    public override Task<ContainerStatusResponse> ContainerStatus(ContainerStatusRequest request, ServerCallContext context)
    {
        string id = Lookup.ContainerId(engine, request.ContainerId);

        Engine.Containers.Container container = engine.Containers.Status(id);

        var response = new ContainerStatusResponse { Status = ContainerMap.Status(container) };
        if (request.Verbose)
        {
            response.Info.Add(VerboseInfo.Key, VerboseInfo.Of(container));
        }

        return Task.FromResult(response);
    }
}
