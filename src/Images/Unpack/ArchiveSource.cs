// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Images.Unpack;

/// <summary>The bytes of an archive, buffered: blocks and data are handed out in place, without copies.</summary>
/// <remarks>A span is valid until the next call.</remarks>
internal sealed class ArchiveSource
{
    internal const int BlockSize = 512;
    private const int BufferSize = 256 * 1024;

    // Decompressors hand out small pieces; a write(2) for each would cost more than waiting for the next.
    private const int MinimumPiece = 64 * 1024;

    private readonly Stream _stream;
    private readonly long _maximumBytes;
    private readonly CancellationToken _cancellationToken;
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferSize, pinned: true);
    private int _start;
    private int _end;
    private long _total;
    private bool _finished;

    internal ArchiveSource(Stream stream, long maximumBytes, CancellationToken cancellationToken)
    {
        _stream = stream;
        _maximumBytes = maximumBytes;
        _cancellationToken = cancellationToken;
    }

    /// <summary>The next 512 bytes.</summary>
    /// <returns><see langword="false"/>: the archive ends here.</returns>
    /// <exception cref="LayerException">It ends within the block.</exception>
    internal bool TryBlock(out ReadOnlySpan<byte> block)
    {
        Require(BlockSize);
        int available = Math.Min(_end - _start, BlockSize);
        block = _buffer.AsSpan(_start, available);
        _start += available;
        return available switch
        {
            0 => false,
            BlockSize => true,
            _ => throw Truncated(),
        };
    }

    /// <summary>The next 512 bytes, which must be there.</summary>
    internal ReadOnlySpan<byte> Block() => TryBlock(out ReadOnlySpan<byte> block) ? block : throw Truncated();

    /// <summary>Some of the next <paramref name="maximum"/> bytes, at least one.</summary>
    internal ReadOnlySpan<byte> Data(long maximum)
    {
        Require((int)Math.Min(maximum, MinimumPiece));
        int count = (int)Math.Min(maximum, _end - _start);
        if (count == 0)
        {
            throw Truncated();
        }

        ReadOnlySpan<byte> data = _buffer.AsSpan(_start, count);
        _start += count;
        return data;
    }

    internal void Skip(long count)
    {
        while (count > 0)
        {
            count -= Data(count).Length;
        }
    }

    /// <summary>Reads on to the end of the stream.</summary>
    internal void Drain()
    {
        do
        {
            _start = _end;
            Require(1);
        }
        while (_end > _start);
    }

    private static LayerException Truncated() => new("layer archive: ends in the middle of an entry");

    private void Require(int count)
    {
        if (_end - _start >= count || _finished)
        {
            return;
        }

        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        while (_end < count && !_finished)
        {
            Read();
        }
    }

    private void Read()
    {
        _cancellationToken.ThrowIfCancellationRequested();
        int read = _stream.Read(_buffer, _end, BufferSize - _end);
        _finished = read == 0;
        _end += read;
        _total += read;
        if (_total > _maximumBytes)
        {
            throw new LayerException($"layer archive: more than {_maximumBytes} bytes, the limit of one layer");
        }
    }
}
