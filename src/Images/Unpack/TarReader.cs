// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop.Files;

namespace Gantry.Images.Unpack;

/// <summary>Reads tar archives: v7, ustar (POSIX.1-1988), PAX (POSIX.1-2001), GNU with long names and sparse files.</summary>
/// <remarks>Names stay bytes. Everything an archive can make long is bounded by <see cref="UnpackLimits"/>.</remarks>
internal sealed class TarReader
{
    private readonly ArchiveSource _source;
    private readonly UnpackLimits _limits;
    private readonly PaxRecords _pax = new();
    private PaxRecords? _global;
    private byte[] _header = [];
    private ReadOnlyMemory<byte>? _longName;
    private ReadOnlyMemory<byte>? _longLink;
    private long _unread;
    private long _padding;
    private int _headerBytes;
    private int _globalBytes;

    internal TarReader(ArchiveSource source, UnpackLimits limits)
    {
        _source = source;
        _limits = limits;
    }

    internal TarEntry Entry { get; } = new();

    /// <summary>Bytes of the entry's data not yet taken by <see cref="Data"/>.</summary>
    internal long Unread => _unread;

    /// <summary>Goes to the next entry; what is left of the current one's data is skipped.</summary>
    /// <returns><see langword="false"/> at the end of the archive; the stream is then read to its end.</returns>
    internal bool Next()
    {
        _source.Skip(_unread + _padding);
        _unread = 0;
        _padding = 0;
        _headerBytes = 0;
        _longName = null;
        _longLink = null;
        _pax.Reset(_global);
        for (bool extended = false; ; extended = true)
        {
            if (!TryHeader(out ReadOnlySpan<byte> block))
            {
                return extended && _headerBytes > 0
                    ? throw new LayerException("layer archive: ends after an extended header")
                    : false;
            }

            if (!ReadExtension(block))
            {
                ReadEntry(block);
                return true;
            }
        }
    }

    /// <summary>Some of the entry's data, at most <paramref name="maximum"/> bytes; valid until the next call.</summary>
    internal ReadOnlySpan<byte> Data(long maximum)
    {
        ReadOnlySpan<byte> data = _source.Data(Math.Min(maximum, _unread));
        _unread -= data.Length;
        return data;
    }

    private static bool IsZero(ReadOnlySpan<byte> block) => !block.ContainsAnyExcept((byte)0);

    private static long PaddingOf(long size) => -size & (ArchiveSource.BlockSize - 1);

    private bool TryHeader(out ReadOnlySpan<byte> block)
    {
        // The end is two zero blocks; like others we take the end of the stream for it too.
        if (!_source.TryBlock(out block))
        {
            return false;
        }

        if (!IsZero(block))
        {
            return TarField.ChecksumHolds(block) ? true : throw new LayerException("layer archive: wrong header checksum");
        }

        if (_source.TryBlock(out block) && !IsZero(block))
        {
            throw new LayerException("layer archive: a single zero block between entries");
        }

        _source.Drain();
        return false;
    }

    /// <returns><see langword="false"/>: the block is an entry.</returns>
    private bool ReadExtension(ReadOnlySpan<byte> block)
    {
        byte type = block[156];
        if (type is not ((byte)'x' or (byte)'X' or (byte)'g' or (byte)'L' or (byte)'K' or (byte)'V'))
        {
            return false;
        }

        ReadOnlyMemory<byte> content = ReadExtensionData(TarField.Number(block.Slice(124, 12), "size"), type);
        switch (type)
        {
            case (byte)'x' or (byte)'X':
                _pax.Apply(content);
                break;
            case (byte)'g':
                AddGlobal(content.Span);
                break;
            case (byte)'L':
                _longName = TarField.Text(content.Span).ToArray();
                break;
            case (byte)'K':
                _longLink = TarField.Text(content.Span).ToArray();
                break;
        }

        return true;
    }

    private ReadOnlyMemory<byte> ReadExtensionData(long size, byte type)
    {
        if (size < 0 || size > _limits.MaximumHeaderBytes - _headerBytes)
        {
            throw new LayerException(
                $"layer archive: extended header '{(char)type}' of {size} bytes, at most {_limits.MaximumHeaderBytes} before one entry");
        }

        // Attribute values point into the buffer until the entry is written: a second header must not overwrite the first.
        _headerBytes += (int)size + 1;
        byte[] buffer = _header.Length >= size && _headerBytes == (int)size + 1 ? _header : new byte[size];
        _header = buffer.Length > _header.Length ? buffer : _header;
        for (int done = 0; done < size;)
        {
            ReadOnlySpan<byte> data = _source.Data(size - done);
            data.CopyTo(buffer.AsSpan(done));
            done += data.Length;
        }

        _source.Skip(PaddingOf(size));
        return buffer.AsMemory(0, (int)size);
    }

    private void AddGlobal(ReadOnlySpan<byte> content)
    {
        _globalBytes += content.Length;
        if (_globalBytes > _limits.MaximumHeaderBytes)
        {
            throw new LayerException($"layer archive: global headers of more than {_limits.MaximumHeaderBytes} bytes");
        }

        PaxRecords global = new();
        global.Reset(_global);
        global.Apply(content.ToArray());
        _global = global;
        _pax.Reset(_global);
    }

    private void ReadEntry(ReadOnlySpan<byte> block)
    {
        bool gnu = block.Slice(257, 8).SequenceEqual("ustar  \0"u8);
        bool ustar = !gnu && block.Slice(257, 5).SequenceEqual("ustar"u8);
        long size = _pax.Size ?? TarField.Number(block.Slice(124, 12), "size");
        Entry.Mode = (uint)TarField.Number(block.Slice(100, 8), "mode") & 0xFFF;
        Entry.Uid = Id(_pax.Uid ?? TarField.Number(block.Slice(108, 8), "uid"), "uid");
        Entry.Gid = Id(_pax.Gid ?? TarField.Number(block.Slice(116, 8), "gid"), "gid");
        Entry.ModifyTime = _pax.ModifyTime ?? new FileTime(TarField.Number(block.Slice(136, 12), "mtime"), 0);
        Entry.Attributes = _pax.Attributes;
        ReadNames(block, ustar);
        ReadKind(block);
        Entry.Device = Entry.Kind is EntryKind.CharacterDevice or EntryKind.BlockDevice
            ? new DeviceNumber(Device(block.Slice(329, 8), 0xFFF), Device(block.Slice(337, 8), 0xFFFFF))
            : default;
        if (size < 0)
        {
            throw Refuse($"size {size}, 0 or more is accepted");
        }

        ReadSize(block, size);
    }

    private void ReadNames(ReadOnlySpan<byte> block, bool ustar)
    {
        // star writes its times into the end of the prefix field and says so at the very end.
        ReadOnlySpan<byte> prefix = ustar
            ? TarField.Text(block.Slice(345, block[508..].SequenceEqual("tar\0"u8) ? 131 : 155))
            : default;
        ReadOnlyMemory<byte>? name = _pax.Sparse.Name ?? _pax.Path ?? _longName;
        if (name is { } stated)
        {
            Entry.SetName(default, stated.Span);
        }
        else
        {
            Entry.SetName(prefix, TarField.Text(block[..100]));
        }

        ReadOnlyMemory<byte>? link = _pax.LinkPath ?? _longLink;
        Entry.SetLink(link is { } target ? target.Span : TarField.Text(block.Slice(157, 100)));
    }

    private void ReadKind(ReadOnlySpan<byte> block) => Entry.Kind = (char)block[156] switch
    {
        '\0' or '0' when Entry.Name.EndsWith("/"u8) => EntryKind.Directory,
        '\0' or '0' or '7' or 'S' => EntryKind.Regular,
        '1' => EntryKind.HardLink,
        '2' => EntryKind.SymbolicLink,
        '3' => EntryKind.CharacterDevice,
        '4' => EntryKind.BlockDevice,
        '5' => EntryKind.Directory,
        '6' => EntryKind.Fifo,
        char type => throw Refuse(
            $"type 0x{(int)type:x2}: files, links, devices, directories and fifos ('0' to '7', 'S') are accepted"),
    };

    private void ReadSize(ReadOnlySpan<byte> block, long size)
    {
        Entry.IsSparse = false;
        Entry.Chunks.Clear();

        // Only regular files have data, whatever the size field of another kind says (as in Go's archive/tar).
        Entry.DataSize = Entry.Kind == EntryKind.Regular ? size : 0;
        Entry.RealSize = Entry.DataSize;
        _padding = PaddingOf(Entry.DataSize);
        _unread = Entry.DataSize;
        if (Entry.Kind == EntryKind.Regular && (block[156] == (byte)'S' || _pax.Sparse.IsPresent))
        {
            ReadSparse(block);
        }
    }

    private void ReadSparse(ReadOnlySpan<byte> block)
    {
        Entry.IsSparse = true;
        if (block[156] == (byte)'S')
        {
            Entry.RealSize = TarField.Number(block.Slice(483, 12), "sparse size");
            SparseMap.ReadOld(block, _source, Entry.Chunks);
        }
        else if (_pax.Sparse.MapInData)
        {
            Entry.RealSize = _pax.Sparse.RealSize ?? throw SparseMap.Refused("no realsize");
            long taken = SparseMap.ReadInData(_source, Entry.DataSize, Entry.Chunks);
            Entry.DataSize -= taken;
            _unread -= taken;
        }
        else
        {
            Entry.RealSize = _pax.Sparse.RealSize ?? throw SparseMap.Refused("no size");
            Entry.Chunks.AddRange(_pax.Sparse.Chunks);
        }

        SparseMap.Check(Entry.Chunks, Entry.DataSize, Entry.RealSize);
    }

    // (uid_t)-1 means "leave it" to chown(2), so it is no owner either.
    private uint Id(long value, string name) =>
        value is >= 0 and < uint.MaxValue ? (uint)value : throw Refuse($"{name} {value}, 0 to 4294967294 is accepted");

    private uint Device(ReadOnlySpan<byte> field, uint maximum)
    {
        long value = TarField.Number(field, "device number");
        return value >= 0 && value <= maximum ? (uint)value : throw Refuse($"device number {value}, 0 to {maximum} is accepted");
    }

    private LayerException Refuse(string why) => new($"layer entry \"{EntryText.Show(Entry.Name)}\": {why}");
}
