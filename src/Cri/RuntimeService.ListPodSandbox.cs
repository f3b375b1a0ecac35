// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.Mapping;
using Gantry.Cri.V1;
using Grpc.Core;

namespace Gantry.Cri;

internal sealed partial class RuntimeService
{
    public override Task<ListPodSandboxResponse> ListPodSandbox(ListPodSandboxRequest request, ServerCallContext context)
    {
        Engine.Pods.PodFilter filter = FilterMap.Pods(engine, request.Filter);

        IReadOnlyList<Engine.Pods.Pod> pods = engine.Pods.List(filter);

        var response = new ListPodSandboxResponse();
        response.Items.AddRange(pods.Select(PodMap.ListItem));
        return Task.FromResult(response);
    }
}
