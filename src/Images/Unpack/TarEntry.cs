// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop.Files;

namespace Gantry.Images.Unpack;

internal enum EntryKind
{
    Regular,
    HardLink,
    SymbolicLink,
    CharacterDevice,
    BlockDevice,
    Directory,
    Fifo,
}

/// <summary>One entry of an archive. One object serves all entries: what it points to changes with the next.</summary>
internal sealed class TarEntry
{
    // PATH_MAX of linux/limits.h, the NUL included.
    internal const int MaximumPath = 4096;

    private readonly byte[] _name = new byte[MaximumPath];
    private readonly byte[] _link = new byte[MaximumPath];
    private int _nameLength;
    private int _linkLength;

    internal EntryKind Kind { get; set; }

    /// <summary>As the archive has it.</summary>
    internal ReadOnlySpan<byte> Name => _name.AsSpan(0, _nameLength);

    /// <summary>Target of a link.</summary>
    internal ReadOnlySpan<byte> Link => _link.AsSpan(0, _linkLength);

    /// <summary>The target with a NUL after it.</summary>
    internal ReadOnlySpan<byte> LinkTerminated => _link.AsSpan(0, _linkLength + 1);

    internal uint Mode { get; set; }

    internal uint Uid { get; set; }

    internal uint Gid { get; set; }

    internal FileTime ModifyTime { get; set; }

    internal DeviceNumber Device { get; set; }

    /// <summary>Bytes of data in the archive.</summary>
    internal long DataSize { get; set; }

    /// <summary>Length of the file: differs from <see cref="DataSize"/> only when sparse.</summary>
    internal long RealSize { get; set; }

    internal bool IsSparse { get; set; }

    internal List<SparseChunk> Chunks { get; } = [];

    internal List<EntryAttribute> Attributes { get; set; } = [];

    /// <param name="prefix">Goes before, with a slash, when not empty.</param>
    internal void SetName(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> name)
    {
        int length = prefix.IsEmpty ? name.Length : prefix.Length + 1 + name.Length;
        if (length >= MaximumPath)
        {
            throw TooLong(name);
        }

        if (!prefix.IsEmpty)
        {
            prefix.CopyTo(_name);
            _name[prefix.Length] = (byte)'/';
        }

        name.CopyTo(_name.AsSpan(length - name.Length));
        _nameLength = length;
    }

    internal void SetLink(ReadOnlySpan<byte> link)
    {
        if (link.Length >= MaximumPath)
        {
            throw TooLong(link);
        }

        link.CopyTo(_link);
        _link[link.Length] = 0;
        _linkLength = link.Length;
    }

    private static LayerException TooLong(ReadOnlySpan<byte> name) =>
        new($"layer entry \"{EntryText.Show(name)}\": a path of {name.Length} bytes or more, at most {MaximumPath - 1}");
}
