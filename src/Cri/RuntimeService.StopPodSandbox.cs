// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.V1;
using Grpc.Core;

namespace Gantry.Cri;

internal sealed partial class RuntimeService
{
    /// <remarks>Repeated calls are expected; a pod that is stopped or gone is success.</remarks>
    public override async Task<StopPodSandboxResponse> StopPodSandbox(StopPodSandboxRequest request, ServerCallContext context)
    {
        string id = Lookup.PodId(engine, request.PodSandboxId);

        await engine.Pods.StopAsync(id, context.CancellationToken);

        return new StopPodSandboxResponse();
    }
}
