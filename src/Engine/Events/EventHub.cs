// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Engine.Events;

/// <summary>Hands what happens to containers to everybody who listens.</summary>
public sealed class EventHub
{
    /// <summary>Events from now on, until the token is cancelled. A listener that falls 1 000 events behind is cut off with an error.</summary>
    public IAsyncEnumerable<ContainerEvent> ListenAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
}
