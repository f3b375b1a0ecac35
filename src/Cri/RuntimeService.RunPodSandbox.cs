// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.Mapping;
using Gantry.Cri.V1;
using Grpc.Core;

namespace Gantry.Cri;

internal sealed partial class RuntimeService
{
    public override async Task<RunPodSandboxResponse> RunPodSandbox(RunPodSandboxRequest request, ServerCallContext context)
    {
        Engine.Pods.PodConfig config = PodConfigMap.FromWire(Require.Present("config", request.Config));

        string id = await engine.Pods.RunAsync(config, request.RuntimeHandler, context.CancellationToken);

        return new RunPodSandboxResponse { PodSandboxId = id };
    }
}
