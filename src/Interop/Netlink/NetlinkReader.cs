// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using System.Text;
using static Gantry.Interop.Netlink.NetlinkConstants;

namespace Gantry.Interop.Netlink;

/// <summary>One message of a received datagram.</summary>
internal readonly ref struct NetlinkMessage(ushort type, ushort flags, uint sequence, ReadOnlySpan<byte> body)
{
    internal ushort Type { get; } = type;

    internal ushort Flags { get; } = flags;

    internal uint Sequence { get; } = sequence;

    internal ReadOnlySpan<byte> Body { get; } = body;
}

/// <summary>Splits a datagram into messages; a length that does not fit ends it with an error.</summary>
internal ref struct NetlinkMessages(ReadOnlySpan<byte> datagram)
{
    private const int HeaderSize = 16;
    private ReadOnlySpan<byte> _rest = datagram;

    /// <exception cref="InvalidDataException">A length is less than a header or more than what is there.</exception>
    internal bool TryNext(out NetlinkMessage message)
    {
        message = default;
        if (_rest.Length < HeaderSize)
        {
            return _rest.IsEmpty ? false : throw new InvalidDataException($"netlink: {_rest.Length} bytes after the last message");
        }

        uint length = BinaryPrimitives.ReadUInt32LittleEndian(_rest);
        if (length < HeaderSize || length > (uint)_rest.Length)
        {
            throw new InvalidDataException($"netlink: message of {length} bytes in {_rest.Length}");
        }

        message = new NetlinkMessage(
            BinaryPrimitives.ReadUInt16LittleEndian(_rest[4..]),
            BinaryPrimitives.ReadUInt16LittleEndian(_rest[6..]),
            BinaryPrimitives.ReadUInt32LittleEndian(_rest[8..]),
            _rest[HeaderSize..(int)length]);
        _rest = _rest[Math.Min(_rest.Length, ((int)length + 3) & ~3)..];
        return true;
    }
}

/// <summary>Walks attributes; a length that does not fit ends the walk with an error.</summary>
internal ref struct NetlinkAttributes(ReadOnlySpan<byte> bytes)
{
    private const int HeaderSize = 4;
    private ReadOnlySpan<byte> _rest = bytes;

    /// <exception cref="InvalidDataException">A length is less than a header or more than what is there.</exception>
    internal bool TryNext(out ushort type, out ReadOnlySpan<byte> value)
    {
        type = 0;
        value = default;
        if (_rest.Length < HeaderSize)
        {
            return false;
        }

        int length = BinaryPrimitives.ReadUInt16LittleEndian(_rest);
        if (length < HeaderSize || length > _rest.Length)
        {
            throw new InvalidDataException($"netlink: attribute of {length} bytes in {_rest.Length}");
        }

        type = (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(_rest[2..]) & NLA_TYPE_MASK);
        value = _rest[HeaderSize..length];
        _rest = _rest[Math.Min(_rest.Length, (length + 3) & ~3)..];
        return true;
    }

    /// <summary>The first attribute of a type; empty when there is none.</summary>
    internal static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> bytes, ushort wanted)
    {
        NetlinkAttributes attributes = new(bytes);
        while (attributes.TryNext(out ushort type, out ReadOnlySpan<byte> value))
        {
            if (type == wanted)
            {
                return value;
            }
        }

        return default;
    }

    internal static string Text(ReadOnlySpan<byte> value)
    {
        int end = value.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? value : value[..end]);
    }

    /// <summary>A 32-bit number in the machine's order; zero when the attribute is missing or short.</summary>
    internal static uint UInt32(ReadOnlySpan<byte> value) =>
        value.Length < sizeof(uint) ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(value);
}
