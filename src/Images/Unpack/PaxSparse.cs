// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Images.Unpack;

/// <summary>GNU.sparse.* records: versions 0.0 (offset and numbytes records), 0.1 (map) and 1.0 (map before the data).</summary>
/// <remarks>GNU tar manual, "Storing Sparse Files".</remarks>
internal sealed class PaxSparse
{
    private long? _version;
    private long? _pendingOffset;

    /// <summary>Any record was there.</summary>
    internal bool IsPresent { get; private set; }

    /// <summary>The map stands before the data (1.0).</summary>
    internal bool MapInData => _version == 1;

    internal ReadOnlyMemory<byte>? Name { get; private set; }

    /// <summary>Length of the file with its holes.</summary>
    internal long? RealSize { get; private set; }

    /// <summary>Map of versions 0.0 and 0.1.</summary>
    internal List<SparseChunk> Chunks { get; } = [];

    internal void Reset()
    {
        if (IsPresent)
        {
            _version = null;
            _pendingOffset = null;
            IsPresent = false;
            Name = null;
            RealSize = null;
            Chunks.Clear();
        }
    }

    /// <param name="key">After <c>GNU.sparse.</c></param>
    internal void Set(ReadOnlySpan<byte> key, ReadOnlyMemory<byte> value)
    {
        IsPresent = true;
        if (key.SequenceEqual("major"u8))
        {
            _version = Number(value);
        }
        else if (key.SequenceEqual("name"u8))
        {
            Name = value.Span.Contains((byte)0) ? throw SparseMap.Refused("name holds a NUL byte") : value;
        }
        else if (key.SequenceEqual("realsize"u8) || key.SequenceEqual("size"u8))
        {
            RealSize = Number(value);
        }
        else if (key.SequenceEqual("offset"u8))
        {
            _pendingOffset = Number(value);
        }
        else if (key.SequenceEqual("numbytes"u8))
        {
            Add(_pendingOffset ?? throw SparseMap.Refused("numbytes without offset"), Number(value));
            _pendingOffset = null;
        }
        else if (key.SequenceEqual("map"u8))
        {
            ReadMap(value.Span);
        }
    }

    private static long Number(ReadOnlyMemory<byte> value) =>
        value.IsEmpty ? throw SparseMap.Refused("empty number") : TarField.Decimal(value.Span, "sparse number");

    private void ReadMap(ReadOnlySpan<byte> text)
    {
        Chunks.Clear();
        long? offset = null;
        foreach (Range range in text.Split((byte)','))
        {
            ReadOnlySpan<byte> part = text[range];
            long number = part.IsEmpty ? throw SparseMap.Refused("empty number") : TarField.Decimal(part, "sparse number");
            if (offset is long start)
            {
                Add(start, number);
                offset = null;
            }
            else
            {
                offset = number;
            }
        }

        if (offset is not null)
        {
            throw SparseMap.Refused("odd number of values");
        }
    }

    private void Add(long offset, long length) => SparseMap.Add(Chunks, offset, length);
}
