// SPDX-License-Identifier: Apache-2.0
using Gantry.Control.V1;
using Gantry.Engine.Containers;
using Gantry.Engine.Events;
using Grpc.Core;

namespace Gantry.Cri.Control;

internal sealed partial class ControlService
{
    public override async Task<WaitResponse> Wait(WaitRequest request, ServerCallContext context)
    {
        string id = Lookup.ContainerId(engine, request.ContainerId);

        // Listen first, look second: an exit between the two is not missed.
        await using IAsyncEnumerator<ContainerEvent> events =
            engine.Events.ListenAsync(context.CancellationToken).GetAsyncEnumerator(context.CancellationToken);
        ValueTask<bool> next = events.MoveNextAsync();
        Container container = engine.Containers.Status(id);
        while (container.State is ContainerState.Created or ContainerState.Running && await next)
        {
            container = engine.Containers.Status(id);
            if (container.State is ContainerState.Created or ContainerState.Running)
            {
                next = events.MoveNextAsync();
            }
        }

        return new WaitResponse { ExitCode = container.Status.ExitCode ?? 0, Reason = container.Status.Reason ?? "" };
    }
}
