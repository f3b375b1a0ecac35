// SPDX-License-Identifier: Apache-2.0
using System.Collections.Concurrent;

namespace Gantry.Images.Pulling;

/// <summary>A piece of a stream that several stages read; it returns to its pool when the last one lets go.</summary>
internal sealed class Segment
{
    /// <summary>Below the size from which arrays are allocated apart and collected late.</summary>
    internal const int Size = 64 * 1024;

    private readonly SegmentPool _pool;
    private int _holders;

    internal Segment(SegmentPool pool) => _pool = pool;

    internal byte[] Buffer { get; } = new byte[Size];

    internal int Length { get; set; }

    internal ReadOnlySpan<byte> Bytes => Buffer.AsSpan(0, Length);

    internal void HeldBy(int holders) => _holders = holders;

    internal void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            _pool.Return(this);
        }
    }
}

/// <summary>Buffers of one layer's pull; garbage with it, so that an idle daemon holds none.</summary>
internal sealed class SegmentPool
{
    private readonly ConcurrentBag<Segment> _free = [];

    internal Segment Rent() => _free.TryTake(out Segment? segment) ? segment : new Segment(this);

    internal void Return(Segment segment) => _free.Add(segment);
}
