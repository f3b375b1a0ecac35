// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.V1;
using Grpc.Core;

namespace Gantry.Cri;

internal sealed partial class RuntimeService
{
    public override Task<UpdateRuntimeConfigResponse> UpdateRuntimeConfig(
        UpdateRuntimeConfigRequest request, ServerCallContext context)
    {
        // An update may leave the network out: nothing to change then.
        string podCidr = request.RuntimeConfig?.NetworkConfig?.PodCidr ?? "";

        engine.UpdatePodCidr(podCidr);

        return Task.FromResult(new UpdateRuntimeConfigResponse());
    }
}
