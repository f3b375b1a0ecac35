// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Events;
using Gantry.Engine.Tests.Kit;

namespace Gantry.Engine.Tests.Events;

public sealed class EventHubTests
{
    [Fact]
    public async Task What_happens_to_a_container_is_told_in_order()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        string pod = await rig.RunPodAsync();
        await using IAsyncEnumerator<ContainerEvent> events =
            rig.Context.Events.ListenAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);

        string id = await rig.StartContainerAsync(pod);
        rig.Monitor(pod).Exit(id, 3);
        await rig.Containers.RemoveAsync(id, CancellationToken.None);

        foreach (ContainerEventType expected in Enum.GetValues<ContainerEventType>())
        {
            Assert.True(await events.MoveNextAsync().AsTask().Soon());
            Assert.Equal((id, expected, pod), (events.Current.ContainerId, events.Current.Type, events.Current.Pod!.Id));
        }
    }

    [Fact]
    public async Task A_listener_that_does_not_read_is_cut_off_and_told_so()
    {
        var hub = new EventHub();
        await using IAsyncEnumerator<ContainerEvent> events =
            hub.ListenAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        var happened = new ContainerEvent { ContainerId = "x", Type = ContainerEventType.Created, At = DateTimeOffset.UnixEpoch };
        for (int i = 0; i <= 1000; i++)
        {
            hub.Publish(happened);
        }

        int read = 0;
        EngineException error = await Assert.ThrowsAsync<EngineException>(async () =>
        {
            while (await events.MoveNextAsync().AsTask().Soon())
            {
                read++;
            }
        });

        Assert.Equal((1000, EngineError.ResourceExhausted), (read, error.Error));
    }
}
