// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using Gantry.Interop;

namespace Gantry.MonitorApi.Framing;

/// <summary>Cuts a byte stream into frames and gives each the descriptors that came with its first byte.</summary>
/// <remarks>
/// One read ends after a message that carried descriptors (unix(7)), so they belong to the last frame that begins in the bytes
/// of that read. Descriptors for which no frame begins are surplus and closed at once. Memory grows with the bytes that
/// arrived, not with the length that a header claims.
/// </remarks>
public sealed class FrameReader : IDisposable
{
    private const int SmallBuffer = 4096;
    private readonly Queue<Batch> _batches = new();
    private byte[] _buffer = new byte[SmallBuffer];
    private int _start;
    private int _end;
    private long _position; // of _start in the stream

    /// <summary>Room for the next bytes; at least one.</summary>
    public Span<byte> Free()
    {
        if (_start == _end)
        {
            _start = _end = 0;
            _buffer = _buffer.Length > SmallBuffer ? new byte[SmallBuffer] : _buffer;
        }
        else if (_end == _buffer.Length)
        {
            byte[] target = _start > _buffer.Length / 2 ? _buffer : new byte[_buffer.Length * 2];
            Buffer.BlockCopy(_buffer, _start, target, 0, _end - _start);
            (_buffer, _end, _start) = (target, _end - _start, 0);
        }

        return _buffer.AsSpan(_end);
    }

    /// <summary>Says how many bytes were put into <see cref="Free"/> and which descriptors came with them.</summary>
    /// <param name="descriptors">Now owned by this reader.</param>
    public void Advance(int count, IReadOnlyList<OwnedFd> descriptors)
    {
        long from = _position + (_end - _start);
        _end += count;
        if (descriptors.Count > 0)
        {
            _batches.Enqueue(new Batch(from, from + count, [.. descriptors]));
        }
    }

    /// <summary>Takes the next whole frame.</summary>
    /// <param name="json">Valid until the next call of <see cref="Free"/>.</param>
    /// <param name="descriptors">Now owned by the caller.</param>
    /// <returns><see langword="false"/>: more bytes are needed.</returns>
    /// <exception cref="FormatException">A length of zero or above <see cref="FrameWriter.MaxLength"/>: the stream is of no use any more.</exception>
    public bool TryTake(out ReadOnlySpan<byte> json, out IReadOnlyList<OwnedFd> descriptors)
    {
        json = default;
        descriptors = [];
        ReadOnlySpan<byte> pending = _buffer.AsSpan(_start, _end - _start);
        if (pending.Length < FrameWriter.HeaderSize)
        {
            return false;
        }

        int length = BinaryPrimitives.ReadInt32LittleEndian(pending);
        if (length is <= 0 or > FrameWriter.MaxLength)
        {
            throw new FormatException($"frame of {(uint)length} bytes: 1 to {FrameWriter.MaxLength} are accepted");
        }

        if (pending.Length - FrameWriter.HeaderSize < length)
        {
            return false;
        }

        json = pending.Slice(FrameWriter.HeaderSize, length);
        descriptors = TakeDescriptors(_position, _position + FrameWriter.HeaderSize + length);
        _start += FrameWriter.HeaderSize + length;
        _position += FrameWriter.HeaderSize + length;
        return true;
    }

    public void Dispose()
    {
        while (_batches.TryDequeue(out Batch? batch))
        {
            batch.Close();
        }
    }

    private List<OwnedFd> TakeDescriptors(long frameStart, long frameEnd)
    {
        List<OwnedFd> taken = [];
        while (_batches.TryPeek(out Batch? batch) && batch.Until <= frameEnd)
        {
            _batches.Dequeue();
            if (batch.From <= frameStart && frameStart < batch.Until)
            {
                taken.AddRange(batch.Descriptors);
            }
            else
            {
                batch.Close();
            }
        }

        return taken;
    }

    /// <summary>Descriptors of one read, with the range of the stream that it returned.</summary>
    private sealed record Batch(long From, long Until, OwnedFd[] Descriptors)
    {
        internal void Close() => Array.ForEach(Descriptors, static fd => fd.Dispose());
    }
}
