// SPDX-License-Identifier: Apache-2.0
using Gantry.Oci.Image;

namespace Gantry.Images.Pulling;

/// <summary>Passes progress on to everybody who waits for the same work; who joins late gets the present state first.</summary>
internal sealed class ProgressHub : IProgress<PullProgress>
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Digest, PullProgress> _last = [];
    private readonly List<IProgress<PullProgress>> _listeners = [];

    public void Report(PullProgress value)
    {
        lock (_gate)
        {
            _last[value.Layer] = value;
            foreach (IProgress<PullProgress> listener in _listeners)
            {
                listener.Report(value);
            }
        }
    }

    internal void Add(IProgress<PullProgress>? listener)
    {
        if (listener is null)
        {
            return;
        }

        lock (_gate)
        {
            foreach (PullProgress present in _last.Values)
            {
                listener.Report(present);
            }

            _listeners.Add(listener);
        }
    }

    internal void Remove(IProgress<PullProgress>? listener)
    {
        if (listener is not null)
        {
            lock (_gate)
            {
                _listeners.Remove(listener);
            }
        }
    }
}
