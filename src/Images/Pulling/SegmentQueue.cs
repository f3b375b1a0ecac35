// SPDX-License-Identifier: Apache-2.0
using System.Collections.Concurrent;

namespace Gantry.Images.Pulling;

/// <summary>A short bounded queue between two stages: the faster one waits. One writer, one reader.</summary>
internal sealed class SegmentQueue : IDisposable
{
    private readonly ConcurrentQueue<Segment?> _items = new();
    private readonly SemaphoreSlim _filled = new(0);
    private readonly SemaphoreSlim _room;

    /// <param name="capacity">Segments.</param>
    internal SegmentQueue(int capacity) => _room = new SemaphoreSlim(capacity);

    internal async ValueTask AddAsync(Segment segment, CancellationToken cancellationToken)
    {
        await _room.WaitAsync(cancellationToken);
        Put(segment);
    }

    internal void Add(Segment segment, CancellationToken cancellationToken)
    {
        _room.Wait(cancellationToken);
        Put(segment);
    }

    /// <summary>No more will come.</summary>
    internal void Complete() => Put(null);

    /// <returns><see langword="null"/> at the end. The caller releases the segment.</returns>
    internal Segment? Take(CancellationToken cancellationToken)
    {
        _filled.Wait(cancellationToken);
        _items.TryDequeue(out Segment? segment);
        _room.Release();
        return segment;
    }

    public void Dispose()
    {
        _filled.Dispose();
        _room.Dispose();
    }

    private void Put(Segment? segment)
    {
        _items.Enqueue(segment);
        _filled.Release();
    }
}

/// <summary>What comes through a queue, as a stream. Reads block; for a thread of its own.</summary>
internal sealed class SegmentStream : Stream
{
    private readonly SegmentQueue _queue;
    private readonly CancellationToken _stop;
    private Segment? _current;
    private int _at;
    private bool _ended;

    internal SegmentStream(SegmentQueue queue, CancellationToken stop)
    {
        _queue = queue;
        _stop = stop;
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        ReadOnlySpan<byte> available = Peek();
        int count = Math.Min(buffer.Length, available.Length);
        available[..count].CopyTo(buffer);
        _at += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(Read(buffer.Span));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        Task.FromResult(Read(buffer.AsSpan(offset, count)));

    /// <summary>The bytes at hand without taking them; empty at the end.</summary>
    internal ReadOnlySpan<byte> Peek()
    {
        while (!_ended && (_current is null || _at == _current.Length))
        {
            _current?.Release();
            _current = _queue.Take(_stop);
            _at = 0;
            _ended = _current is null;
        }

        return _ended ? [] : _current!.Bytes[_at..];
    }

    /// <summary>Reads what is left and drops it.</summary>
    internal void Drain()
    {
        int count;
        while ((count = Peek().Length) > 0)
        {
            _at += count;
        }
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
