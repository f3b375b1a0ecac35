// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.V1;
using Grpc.Core;

namespace Gantry.Cri;

internal sealed partial class RuntimeService
{
    public override async Task<ReopenContainerLogResponse> ReopenContainerLog(
        ReopenContainerLogRequest request, ServerCallContext context)
    {
        string id = Lookup.ContainerId(engine, request.ContainerId);

        await engine.Containers.ReopenLogAsync(id, context.CancellationToken);

        return new ReopenContainerLogResponse();
    }
}
