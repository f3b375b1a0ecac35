// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Text;
using Gantry.Interop.Files;

namespace Gantry.Images.Unpack;

/// <summary>Numbers and texts as tar headers write them.</summary>
internal static class TarField
{
    /// <summary>A number field: octal text, or binary with the top bit set (GNU base-256, two's complement).</summary>
    internal static long Number(ReadOnlySpan<byte> field, string name) =>
        (field[0] & 0x80) != 0 ? Binary(field, name) : Octal(field, name);

    /// <summary>The text up to the first NUL, or the whole field.</summary>
    internal static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        return end < 0 ? field : field[..end];
    }

    /// <summary>A PAX number: decimal digits, perhaps a minus.</summary>
    internal static long Decimal(ReadOnlySpan<byte> text, string name) =>
        Utf8Parser.TryParse(text, out long value, out int used) && used == text.Length && text[0] != (byte)'+'
            ? value
            : throw new LayerException($"layer archive: {name} is no decimal number");

    /// <summary>A PAX time: seconds with an optional fraction, digits after the ninth dropped.</summary>
    internal static FileTime Time(ReadOnlySpan<byte> text)
    {
        int point = text.IndexOf((byte)'.');
        ReadOnlySpan<byte> whole = point < 0 ? text : text[..point];
        ReadOnlySpan<byte> fraction = point < 0 ? default : text[(point + 1)..];
        bool negative = whole.StartsWith("-"u8);
        long seconds = whole.IsEmpty || whole.SequenceEqual("-"u8) ? 0 : Decimal(whole, "mtime");
        uint nanoseconds = Fraction(fraction);
        if (!negative || nanoseconds == 0)
        {
            return new FileTime(seconds, nanoseconds);
        }

        return seconds > long.MinValue
            ? new FileTime(seconds - 1, 1_000_000_000 - nanoseconds)
            : throw new LayerException("layer archive: mtime is out of range");
    }

    /// <summary>Is the checksum of a header block right? Old programs summed signed bytes.</summary>
    internal static bool ChecksumHolds(ReadOnlySpan<byte> block)
    {
        int unsigned = 8 * ' ';
        int signed = unsigned;
        for (int i = 0; i < block.Length; i++)
        {
            if (i is < 148 or >= 156)
            {
                unsigned += block[i];
                signed += (sbyte)block[i];
            }
        }

        long stated = Number(block.Slice(148, 8), "checksum");
        return stated == unsigned || stated == signed;
    }

    private static uint Fraction(ReadOnlySpan<byte> digits)
    {
        uint value = 0;
        for (int i = 0; i < Math.Max(9, digits.Length); i++)
        {
            int digit = i < digits.Length ? digits[i] - '0' : 0;
            if (digit is < 0 or > 9)
            {
                throw new LayerException("layer archive: mtime is no decimal number");
            }

            value = i < 9 ? (value * 10) + (uint)digit : value;
        }

        return value;
    }

    private static long Octal(ReadOnlySpan<byte> field, string name)
    {
        ReadOnlySpan<byte> digits = field.Trim(" \0"u8);
        long value = 0;
        foreach (byte b in digits)
        {
            if (b is < (byte)'0' or > (byte)'7' || value > long.MaxValue >> 3)
            {
                throw new LayerException($"layer archive: {name} is no octal number");
            }

            value = (value << 3) | (uint)(b - '0');
        }

        return value;
    }

    private static long Binary(ReadOnlySpan<byte> field, string name)
    {
        // Bit 6 of the first byte is the sign; the field is 8 or 12 bytes, a long has room for 8 without the marker.
        bool negative = (field[0] & 0x40) != 0;
        Int128 value = negative ? -1 : 0;
        value = (value << 6) | (Int128)(field[0] & 0x3F);
        foreach (byte b in field[1..])
        {
            value = (value << 8) | b;
        }

        return value >= long.MinValue && value <= long.MaxValue
            ? (long)value
            : throw new LayerException($"layer archive: {name} is out of range");
    }
}
