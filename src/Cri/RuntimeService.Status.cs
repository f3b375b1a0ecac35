// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.Mapping;
using Gantry.Cri.V1;
using Grpc.Core;

namespace Gantry.Cri;

internal sealed partial class RuntimeService
{
    public override async Task<StatusResponse> Status(StatusRequest request, ServerCallContext context)
    {
        var response = new StatusResponse { Status = new RuntimeStatus(), Features = NodeMap.Features() };
        response.Status.Conditions.Add(NodeMap.Condition("RuntimeReady", engine.RuntimeCondition()));
        response.Status.Conditions.Add(NodeMap.Condition("NetworkReady", await engine.NetworkConditionAsync(context.CancellationToken)));

        // The empty name is the default handler.
        response.RuntimeHandlers.Add(NodeMap.Handler(""));
        response.RuntimeHandlers.AddRange(engine.Options.RuntimeHandlers.Select(NodeMap.Handler));
        if (request.Verbose)
        {
            response.Info.Add("config", VerboseInfo.Of(engine.Options));
        }

        return response;
    }
}
