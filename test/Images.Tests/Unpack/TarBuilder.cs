// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;

namespace Gantry.Images.Tests.Unpack;

/// <summary>Writes archives byte by byte, wrong ones too.</summary>
public sealed class TarBuilder
{
    private readonly List<byte> _bytes = [];

    public static byte[] Text(string text) => Encoding.Latin1.GetBytes(text);

    public TarBuilder File(string name, string content = "", int mode = 0b110_100_100) =>
        Entry('0', name, Text(content), mode: mode);

    public TarBuilder Directory(string name, int mode = 0b111_101_101) => Entry('5', name, mode: mode);

    public TarBuilder Symlink(string name, string target) => Entry('2', name, link: target, mode: 0b111_111_111);

    public TarBuilder Hardlink(string name, string target) => Entry('1', name, link: target);

    /// <param name="edit">Changes the block before its checksum is made.</param>
    public TarBuilder Entry(
        char type, string name, byte[]? content = null, string link = "", int mode = 0b110_100_100, Action<byte[]>? edit = null)
    {
        byte[] block = new byte[512];
        Put(block, 0, name);
        Put(block, 100, Octal(mode, 7));
        Put(block, 108, Octal(0, 7));
        Put(block, 116, Octal(0, 7));
        Put(block, 124, Octal(content?.Length ?? 0, 11));
        Put(block, 136, Octal(1_600_000_000, 11));
        block[156] = (byte)type;
        Put(block, 157, link);
        Put(block, 257, "ustar\0" + "00");
        edit?.Invoke(block);
        Seal(block);
        return Raw(block).Padded(content ?? []);
    }

    /// <summary>A PAX header; each record is <c>key=value</c> in Latin-1, so that any byte can be written.</summary>
    public TarBuilder Pax(params string[] records) => Extended('x', records);

    public TarBuilder Global(params string[] records) => Extended('g', records);

    public TarBuilder Raw(ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public TarBuilder Padded(byte[] content) => Raw(content).Raw(new byte[-content.Length & 511]);

    /// <summary>The archive with its two zero blocks.</summary>
    public byte[] Build() => [.. _bytes, .. new byte[1024]];

    public byte[] BuildWithoutEnd() => [.. _bytes];

    public static void Put(byte[] block, int offset, string text) => Text(text).CopyTo(block, offset);

    public static string Octal(long value, int digits) => Convert.ToString(value, 8).PadLeft(digits, '0');

    public static void Seal(byte[] block)
    {
        block.AsSpan(148, 8).Fill((byte)' ');
        int sum = 0;
        foreach (byte b in block)
        {
            sum += b;
        }

        Put(block, 148, Octal(sum, 6) + "\0 ");
    }

    private TarBuilder Extended(char type, string[] records) =>
        Entry(type, "PaxHeader", Text(string.Concat(records.Select(Record))));

    private static string Record(string record)
    {
        int length = record.Length + 3;
        while (length.ToString(CultureInfo.InvariantCulture).Length + record.Length + 2 != length)
        {
            length++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{length} {record}\n");
    }
}
