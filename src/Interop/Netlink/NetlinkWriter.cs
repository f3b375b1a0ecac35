// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using static Gantry.Interop.Netlink.NetlinkConstants;

namespace Gantry.Interop.Netlink;

/// <summary>Builds a batch of netlink messages. Every length is checked: none is ever cut to 16 bits (CVE-2021-43784).</summary>
internal sealed class NetlinkWriter
{
    /// <summary>Bytes of a whole batch; the kernel takes up to the socket's send buffer, about 200 KiB.</summary>
    internal const int MaxBatch = 64 * 1024;

    private const int HeaderSize = 16;
    private const int AttributeHeaderSize = 4;

    private readonly List<Expectation> _expected = [];
    private byte[] _buffer = new byte[1024];
    private int _length;
    private int _message = -1;
    private uint _sequence;

    /// <param name="firstSequence">Sequence number of the first message; the others follow.</param>
    internal NetlinkWriter(uint firstSequence) => _sequence = firstSequence;

    /// <summary>What was asked, in order, for matching the answers.</summary>
    internal IReadOnlyList<Expectation> Expected => _expected;

    internal uint NextSequence => _sequence;

    /// <summary>Starts a message; the one before is complete with this.</summary>
    /// <param name="subject">For the exception: what the message is about.</param>
    internal void Begin(ushort type, int flags, string subject)
    {
        Complete();
        Align();
        _message = _length;
        Span<byte> header = Grow(HeaderSize);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], type);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], checked((ushort)(NLM_F_REQUEST | flags)));
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], _sequence);
        _expected.Add(new Expectation(_sequence, type, subject));
        _sequence++;
    }

    /// <summary>The fixed part of a message: struct ifinfomsg and the like.</summary>
    internal void Fixed<T>(in T value)
        where T : unmanaged
    {
        MemoryMarshal.Write(Grow(Unsafe.SizeOf<T>()), value);
        Align();
    }

    internal void Bytes(ushort type, ReadOnlySpan<byte> value)
    {
        int start = _length;
        AttributeHeader(type, value.Length);
        value.CopyTo(Grow(value.Length));
        CloseAttribute(start);
    }

    /// <summary>Text with its terminating NUL.</summary>
    internal void Text(ushort type, string value)
    {
        if (value.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("netlink text: no NUL character", nameof(value));
        }

        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(value) + 1];
        Encoding.UTF8.GetBytes(value, bytes);
        Bytes(type, bytes);
    }

    internal void UInt8(ushort type, byte value) => Bytes(type, [value]);

    internal void UInt32(ushort type, uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        MemoryMarshal.Write(bytes, value);
        Bytes(type, bytes);
    }

    /// <summary>Opens an attribute that holds attributes; give the result to <see cref="End"/>.</summary>
    internal int Nest(ushort type)
    {
        int start = _length;
        AttributeHeader((ushort)(type | NLA_F_NESTED), 0);
        return start;
    }

    internal void End(int nest) => CloseAttribute(nest);

    /// <summary>The finished batch; valid until the next change.</summary>
    internal ReadOnlySpan<byte> Finish()
    {
        Complete();
        return _buffer.AsSpan(0, _length);
    }

    private void AttributeHeader(ushort type, int valueLength)
    {
        if (valueLength > ushort.MaxValue - AttributeHeaderSize)
        {
            throw TooLong(valueLength);
        }

        BinaryPrimitives.WriteUInt16LittleEndian(Grow(AttributeHeaderSize)[2..], type);
    }

    private void CloseAttribute(int start)
    {
        int length = _length - start;
        if (length > ushort.MaxValue)
        {
            throw TooLong(length);
        }

        BinaryPrimitives.WriteUInt16LittleEndian(_buffer.AsSpan(start), (ushort)length);
        Align();
    }

    private void Complete()
    {
        if (_message >= 0)
        {
            BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(_message), _length - _message);
            _message = -1;
        }
    }

    private void Align()
    {
        int padding = -_length & 3;
        if (padding > 0)
        {
            Grow(padding);
        }
    }

    private Span<byte> Grow(int count)
    {
        int needed = checked(_length + count);
        if (needed > MaxBatch)
        {
            throw TooLong(needed);
        }

        if (needed > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(needed, _buffer.Length * 2));
        }

        Span<byte> fresh = _buffer.AsSpan(_length, count);
        fresh.Clear();
        _length = needed;
        return fresh;
    }

    private static ArgumentException TooLong(int length) =>
        new($"netlink: {length} bytes, at most {ushort.MaxValue} in an attribute and {MaxBatch} in a batch");

    /// <summary>One message that the kernel will answer.</summary>
    internal readonly record struct Expectation(uint Sequence, ushort Type, string Subject);
}
