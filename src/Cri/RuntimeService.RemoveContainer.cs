// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.V1;
using Grpc.Core;

namespace Gantry.Cri;

internal sealed partial class RuntimeService
{
    /// <remarks>Idempotent: a container that is gone is success.</remarks>
    public override async Task<RemoveContainerResponse> RemoveContainer(
        RemoveContainerRequest request, ServerCallContext context)
    {
        string id = Lookup.ContainerId(engine, request.ContainerId);

        await engine.Containers.RemoveAsync(id, context.CancellationToken);

        return new RemoveContainerResponse();
    }
}
