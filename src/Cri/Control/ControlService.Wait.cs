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

        Container container = await EndAsync(id, context.CancellationToken);

        return new WaitResponse { ExitCode = container.Status.ExitCode ?? 0, Reason = container.Status.Reason ?? "" };
    }

    private async Task<Container> EndAsync(string id, CancellationToken cancellationToken)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        IAsyncEnumerator<ContainerEvent> events = engine.Events.ListenAsync(leaving.Token).GetAsyncEnumerator(leaving.Token);

        // Listen first, look second: an exit between the two is not missed.
        Task<bool> next = events.MoveNextAsync().AsTask();
        try
        {
            Container container = engine.Containers.Status(id);
            while (container.State is ContainerState.Created or ContainerState.Running && await next)
            {
                container = engine.Containers.Status(id);
                next = events.MoveNextAsync().AsTask();
            }

            return container;
        }
        finally
        {
            // An iterator must not be disposed while it waits.
            await leaving.CancelAsync();
            await next.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            await events.DisposeAsync();
        }
    }
}
