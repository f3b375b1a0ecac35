// SPDX-License-Identifier: Apache-2.0
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Gantry.Engine.Events;

/// <summary>Hands what happens to containers to everybody who listens.</summary>
public sealed class EventHub
{
    private const int MaxBehind = 1000;
    private readonly ConcurrentDictionary<Channel<ContainerEvent>, bool> _listeners = new();

    internal EventHub()
    {
    }

    /// <summary>Events from now on, until the token is cancelled.</summary>
    /// <exception cref="EngineException"><see cref="EngineError.ResourceExhausted"/>: the listener fell 1 000 events behind and must list again.</exception>
    public IAsyncEnumerable<ContainerEvent> ListenAsync(CancellationToken cancellationToken)
    {
        // Registered before the first read: what happens from this call on is not missed.
        var channel = Channel.CreateBounded<ContainerEvent>(new BoundedChannelOptions(MaxBehind) { SingleReader = true });
        _listeners[channel] = true;
        return ReadAsync(channel, cancellationToken);
    }

    internal void Publish(ContainerEvent happened)
    {
        foreach (Channel<ContainerEvent> listener in _listeners.Keys)
        {
            if (!listener.Writer.TryWrite(happened))
            {
                _listeners.TryRemove(listener, out _);
                listener.Writer.TryComplete(
                    new EngineException(EngineError.ResourceExhausted, $"events: the reader is {MaxBehind} events behind"));
            }
        }
    }

    private async IAsyncEnumerable<ContainerEvent> ReadAsync(
        Channel<ContainerEvent> channel, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            await foreach (ContainerEvent happened in channel.Reader.ReadAllAsync(cancellationToken))
            {
                yield return happened;
            }
        }
        finally
        {
            _listeners.TryRemove(channel, out _);
        }
    }
}
