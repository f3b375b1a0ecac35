// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop.Events;

namespace Gantry.Monitor.Serving;

/// <summary>Gives memory back when work has ended: the collector itself keeps what a burst of requests needed (3 MiB after 10 000 execs).</summary>
internal sealed class IdleCollection(EventLoop loop)
{
    private const long WorthIt = 512 * 1024;
    private static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(2);
    private long _collectedAt;
    private long _lastWork;
    private bool _waiting;

    /// <summary>Something was done that allocates.</summary>
    internal void Worked()
    {
        _lastWork = Environment.TickCount64;
        if (!_waiting && Allocated() > WorthIt)
        {
            _waiting = true;
            loop.After(s_quiet, Look);
        }
    }

    private long Allocated() => GC.GetTotalAllocatedBytes() - _collectedAt;

    private void Look()
    {
        TimeSpan left = s_quiet - TimeSpan.FromMilliseconds(Environment.TickCount64 - _lastWork);
        if (left > TimeSpan.Zero)
        {
            loop.After(left, Look);
            return;
        }

        _waiting = false;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        _collectedAt = GC.GetTotalAllocatedBytes();
    }
}
