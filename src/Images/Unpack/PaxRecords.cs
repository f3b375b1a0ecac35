// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Text;
using Gantry.Interop.Files;

namespace Gantry.Images.Unpack;

/// <summary>One extended attribute of an entry.</summary>
/// <param name="Name">With its prefix and a NUL at the end.</param>
/// <param name="Value">Exact bytes.</param>
internal readonly record struct EntryAttribute(byte[] Name, ReadOnlyMemory<byte> Value);

/// <summary>The records of PAX headers (pax(1), "pax Extended Header") that matter for a layer.</summary>
/// <remarks>Null: not stated, the ustar header counts. Memory points into the header's own buffer.</remarks>
internal sealed class PaxRecords
{
    private const int MaximumAttributes = 1024;

    internal ReadOnlyMemory<byte>? Path { get; private set; }

    internal ReadOnlyMemory<byte>? LinkPath { get; private set; }

    internal long? Size { get; private set; }

    internal long? Uid { get; private set; }

    internal long? Gid { get; private set; }

    internal FileTime? ModifyTime { get; private set; }

    internal List<EntryAttribute> Attributes { get; } = [];

    /// <summary>What GNU.sparse.* records say.</summary>
    internal PaxSparse Sparse { get; } = new();

    /// <summary>Starts an entry: what the global headers say, nothing else.</summary>
    internal void Reset(PaxRecords? global)
    {
        Path = global?.Path;
        LinkPath = global?.LinkPath;
        Size = global?.Size;
        Uid = global?.Uid;
        Gid = global?.Gid;
        ModifyTime = global?.ModifyTime;
        Attributes.Clear();
        Sparse.Reset();
    }

    /// <summary>Applies the records of one header on top of what is there.</summary>
    /// <exception cref="LayerException">A record is malformed.</exception>
    internal void Apply(ReadOnlyMemory<byte> header)
    {
        while (!header.IsEmpty)
        {
            int length = RecordLength(header.Span, out int digits);
            ReadOnlyMemory<byte> record = header[(digits + 1)..(length - 1)];
            int equals = record.Span.IndexOf((byte)'=');
            if (header.Span[length - 1] != (byte)'\n' || equals <= 0)
            {
                throw Malformed();
            }

            Set(record.Span[..equals], record[(equals + 1)..]);
            header = header[length..];
        }
    }

    private static int RecordLength(ReadOnlySpan<byte> header, out int digits)
    {
        bool valid = Utf8Parser.TryParse(header, out int length, out digits)
            && header[0] is >= (byte)'0' and <= (byte)'9'
            && length > digits + 2 && length <= header.Length
            && header[digits] == (byte)' ';
        return valid ? length : throw Malformed();
    }

    private static LayerException Malformed() => new("layer archive: malformed PAX header");

    private static ReadOnlyMemory<byte>? TextOf(ReadOnlyMemory<byte> value, string name)
    {
        if (value.Span.Contains((byte)0))
        {
            throw new LayerException($"layer archive: PAX {name} holds a NUL byte");
        }

        return value.IsEmpty ? null : value;
    }

    private static long? NumberOf(ReadOnlySpan<byte> value, string name) =>
        value.IsEmpty ? null : TarField.Decimal(value, name);

    private void Set(ReadOnlySpan<byte> key, ReadOnlyMemory<byte> value)
    {
        ReadOnlySpan<byte> attribute = "SCHILY.xattr."u8;
        if (key.StartsWith(attribute))
        {
            SetAttribute(key[attribute.Length..], value);
        }
        else if (key.StartsWith("GNU.sparse."u8))
        {
            Sparse.Set(key["GNU.sparse.".Length..], value);
        }
        else if (key.SequenceEqual("path"u8))
        {
            Path = TextOf(value, "path");
        }
        else if (key.SequenceEqual("linkpath"u8))
        {
            LinkPath = TextOf(value, "linkpath");
        }
        else if (key.SequenceEqual("size"u8))
        {
            Size = NumberOf(value.Span, "size");
        }
        else
        {
            SetOwnerOrTime(key, value.Span);
        }
    }

    private void SetOwnerOrTime(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.SequenceEqual("uid"u8))
        {
            Uid = NumberOf(value, "uid");
        }
        else if (key.SequenceEqual("gid"u8))
        {
            Gid = NumberOf(value, "gid");
        }
        else if (key.SequenceEqual("mtime"u8))
        {
            ModifyTime = value.IsEmpty ? null : TarField.Time(value);
        }
    }

    private void SetAttribute(ReadOnlySpan<byte> name, ReadOnlyMemory<byte> value)
    {
        if (name.IsEmpty || name.Length > 255 || name.Contains((byte)0))
        {
            throw new LayerException("layer archive: name of an extended attribute: 1 to 255 bytes, no NUL");
        }

        if (value.Length > Xattr.MaximumSize || Attributes.Count >= MaximumAttributes)
        {
            throw new LayerException(
                $"layer archive: extended attributes: at most {MaximumAttributes} of at most {Xattr.MaximumSize} bytes");
        }

        Attributes.Add(new EntryAttribute([.. name, 0], value));
    }
}
