// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop.Files;

namespace Gantry.Images.Unpack;

/// <summary>A path of an archive made relative and plain: no leading slash, no empty and <c>.</c> names, never <c>..</c>.</summary>
/// <remarks>One object serves many paths.</remarks>
internal sealed class EntryPath
{
    private const int MaximumName = 255;

    private readonly byte[] _bytes = new byte[TarEntry.MaximumPath];
    private readonly int _maximumDepth;
    private int _length;
    private int _nameStart;

    internal EntryPath(int maximumDepth) => _maximumDepth = maximumDepth;

    /// <summary>The layer's own directory.</summary>
    internal bool IsRoot => _length == 0;

    /// <summary>The whole path.</summary>
    internal ReadOnlySpan<byte> Full => _bytes.AsSpan(0, _length);

    /// <summary>Without slash at the end; empty is the layer's own directory.</summary>
    internal ReadOnlySpan<byte> Parent => _bytes.AsSpan(0, Math.Max(0, _nameStart - 1));

    /// <summary>The last name with a NUL after it.</summary>
    internal ReadOnlySpan<byte> Terminated => _bytes.AsSpan(_nameStart, _length - _nameStart + 1);

    /// <summary>The last name.</summary>
    internal ReadOnlySpan<byte> Last => _bytes.AsSpan(_nameStart, _length - _nameStart);

    internal KernelText Name => KernelText.FromTerminated(Terminated);

    /// <exception cref="LayerException"><c>..</c>, a name over 255 bytes, too many names, a NUL.</exception>
    internal void Set(ReadOnlySpan<byte> path)
    {
        _length = 0;
        _nameStart = 0;
        int depth = 0;
        for (ReadOnlySpan<byte> rest = path; !rest.IsEmpty;)
        {
            int slash = rest.IndexOf((byte)'/');
            ReadOnlySpan<byte> name = slash < 0 ? rest : rest[..slash];
            rest = slash < 0 ? default : rest[(slash + 1)..];
            if (!name.IsEmpty && !name.SequenceEqual("."u8))
            {
                Append(name, path, ++depth);
            }
        }

        _bytes[_length] = 0;
    }

    private void Append(ReadOnlySpan<byte> name, ReadOnlySpan<byte> path, int depth)
    {
        string? problem =
            name.SequenceEqual(".."u8) ? "\"..\" is not accepted in a path"
            : name.Length > MaximumName ? $"a name of {name.Length} bytes, at most {MaximumName}"
            : name.Contains((byte)0) ? "a NUL byte is not accepted in a path"
            : depth > _maximumDepth ? $"more than {_maximumDepth} names in a path"
            : null;
        if (problem is not null)
        {
            throw new LayerException($"layer entry \"{EntryText.Show(path)}\": {problem}");
        }

        if (_length > 0)
        {
            _bytes[_length++] = (byte)'/';
        }

        _nameStart = _length;
        name.CopyTo(_bytes.AsSpan(_length));
        _length += name.Length;
    }
}
