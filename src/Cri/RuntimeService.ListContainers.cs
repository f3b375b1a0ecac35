// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.Mapping;
using Gantry.Cri.V1;
using Grpc.Core;

namespace Gantry.Cri;

internal sealed partial class RuntimeService
{
    public override Task<ListContainersResponse> ListContainers(ListContainersRequest request, ServerCallContext context)
    {
        Engine.Containers.ContainerFilter filter = FilterMap.Containers(engine, request.Filter);

        IReadOnlyList<Engine.Containers.Container> containers = engine.Containers.List(filter);

        var response = new ListContainersResponse();
        response.Containers.AddRange(containers.Select(ContainerMap.ListItem));
        return Task.FromResult(response);
    }
}
