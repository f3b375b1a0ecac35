// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.V1;
using Grpc.Core;

namespace Gantry.Cri;

internal sealed partial class RuntimeService
{
    /// <remarks>Repeated calls are expected; a pod that is gone is success.</remarks>
    public override async Task<RemovePodSandboxResponse> RemovePodSandbox(
        RemovePodSandboxRequest request, ServerCallContext context)
    {
        string id = Lookup.PodId(engine, request.PodSandboxId);

        await engine.Pods.RemoveAsync(id, context.CancellationToken);

        return new RemovePodSandboxResponse();
    }
}
