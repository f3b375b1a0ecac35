// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.V1;
using Grpc.Core;

namespace Gantry.Cri;

internal sealed partial class RuntimeService
{
    /// <remarks>Idempotent: a container that has ended or is gone is success.</remarks>
    public override async Task<StopContainerResponse> StopContainer(StopContainerRequest request, ServerCallContext context)
    {
        string id = Lookup.ContainerId(engine, request.ContainerId);

        // Clients send a negative grace for "now" (crictl, kubelet with an expired deadline).
        TimeSpan grace = Require.Seconds("timeout", Math.Max(0, request.Timeout));

        await engine.Containers.StopAsync(id, grace, context.CancellationToken);

        return new StopContainerResponse();
    }
}
