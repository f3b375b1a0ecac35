// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.V1;
using Grpc.Core;

namespace Gantry.Cri;

internal sealed partial class RuntimeService
{
    public override async Task<StartContainerResponse> StartContainer(StartContainerRequest request, ServerCallContext context)
    {
        string id = Lookup.ContainerId(engine, request.ContainerId);

        await engine.Containers.StartAsync(id, context.CancellationToken);

        return new StartContainerResponse();
    }
}
