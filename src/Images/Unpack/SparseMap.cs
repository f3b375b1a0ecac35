// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Gantry.Images.Unpack;

/// <summary>A range of a sparse file that has data.</summary>
internal readonly record struct SparseChunk(long Offset, long Length);

/// <summary>Reads and checks the maps of sparse files.</summary>
internal static class SparseMap
{
    private const int MaximumChunks = 1 << 18;
    private const int OldEntrySize = 24;
    private const int OldExtensionEntries = 21;

    internal static LayerException Refused(string why) => new($"layer archive: sparse map: {why}");

    internal static void Add(List<SparseChunk> chunks, long offset, long length)
    {
        if (chunks.Count >= MaximumChunks)
        {
            throw Refused($"more than {MaximumChunks} ranges");
        }

        chunks.Add(new SparseChunk(offset, length));
    }

    /// <summary>Ranges in order, apart, inside the file, and as long in sum as the data that follows.</summary>
    internal static void Check(List<SparseChunk> chunks, long dataSize, long realSize)
    {
        long end = 0;
        long sum = 0;
        foreach (SparseChunk chunk in chunks)
        {
            if (chunk.Offset < end || chunk.Length < 0 || chunk.Length > realSize - chunk.Offset)
            {
                throw Refused("ranges must be in order, apart, and inside the file");
            }

            end = chunk.Offset + chunk.Length;
            sum += chunk.Length;
        }

        if (sum != dataSize)
        {
            throw Refused($"ranges of {sum} bytes, data of {dataSize}");
        }
    }

    /// <summary>Four entries in the header, then extension blocks while they say so (old GNU format).</summary>
    /// <param name="header">The entry's own block; copied where needed before the source moves on.</param>
    internal static void ReadOld(ReadOnlySpan<byte> header, ArchiveSource source, List<SparseChunk> chunks)
    {
        bool more = header[482] != 0;
        bool open = ReadOldEntries(header.Slice(386, 4 * OldEntrySize), chunks);
        while (more)
        {
            ReadOnlySpan<byte> block = source.Block();
            more = block[504] != 0;
            open = open && ReadOldEntries(block[..(OldExtensionEntries * OldEntrySize)], chunks);
        }
    }

    /// <summary>Decimal lines before the data, padded to a block (PAX 1.0).</summary>
    /// <returns>Bytes taken from the entry's data.</returns>
    internal static long ReadInData(ArchiveSource source, long dataSize, List<SparseChunk> chunks)
    {
        LineReader lines = new(source, dataSize);
        long count = lines.Next();
        if (count is < 0 or > MaximumChunks)
        {
            throw Refused($"more than {MaximumChunks} ranges");
        }

        for (long i = 0; i < count; i++)
        {
            long offset = lines.Next();
            Add(chunks, offset, lines.Next());
        }

        return lines.Taken;
    }

    private static bool ReadOldEntries(ReadOnlySpan<byte> entries, List<SparseChunk> chunks)
    {
        for (; !entries.IsEmpty; entries = entries[OldEntrySize..])
        {
            if (entries[0] == 0)
            {
                return false;
            }

            Add(chunks, TarField.Number(entries[..12], "sparse offset"), TarField.Number(entries.Slice(12, 12), "sparse length"));
        }

        return true;
    }

    /// <summary>Numbers, one a line, across blocks.</summary>
    private sealed class LineReader(ArchiveSource source, long available)
    {
        private readonly byte[] _block = new byte[ArchiveSource.BlockSize];
        private int _position = ArchiveSource.BlockSize;

        /// <summary>Bytes of the blocks read so far.</summary>
        internal long Taken { get; private set; }

        internal long Next()
        {
            long value = 0;
            for (int digits = 0; ; digits++)
            {
                byte b = NextByte();
                if (b == (byte)'\n' && digits > 0)
                {
                    return value;
                }

                if (b is < (byte)'0' or > (byte)'9' || digits >= 18)
                {
                    throw Refused(string.Create(CultureInfo.InvariantCulture, $"byte {b} in a number of at most 18 digits"));
                }

                value = (value * 10) + (b - '0');
            }
        }

        private byte NextByte()
        {
            if (_position == _block.Length)
            {
                if (Taken + _block.Length > available)
                {
                    throw Refused("longer than the entry");
                }

                source.Block().CopyTo(_block);
                Taken += _block.Length;
                _position = 0;
            }

            return _block[_position++];
        }
    }
}
