// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;

namespace Gantry.Ctl.Logs;

/// <summary>One line of a CRI log: <c>time stream tag content</c>.</summary>
/// <param name="IsStderr">Which stream it came from.</param>
/// <param name="IsPartial">Tag P: the line goes on in the next record.</param>
internal readonly record struct CriLogLine(DateTimeOffset Time, bool IsStderr, bool IsPartial, ReadOnlyMemory<byte> Content)
{
    private const byte Space = (byte)' ';

    /// <param name="record">Without its newline.</param>
    /// <returns><see langword="null"/>: not in this format.</returns>
    internal static CriLogLine? Parse(ReadOnlyMemory<byte> record)
    {
        ReadOnlySpan<byte> rest = record.Span;
        int timeEnd = rest.IndexOf(Space);
        if (timeEnd <= 0 || !TryTime(rest[..timeEnd], out DateTimeOffset time))
        {
            return null;
        }

        rest = rest[(timeEnd + 1)..];
        int streamEnd = rest.IndexOf(Space);
        int tagEnd = streamEnd < 0 ? -1 : rest[(streamEnd + 1)..].IndexOf(Space);
        if (tagEnd < 0)
        {
            return null;
        }

        ReadOnlySpan<byte> stream = rest[..streamEnd];
        ReadOnlySpan<byte> tags = rest.Slice(streamEnd + 1, tagEnd);
        bool isStderr = stream.SequenceEqual("stderr"u8);
        if (!isStderr && !stream.SequenceEqual("stdout"u8))
        {
            return null;
        }

        // Tags are separated by colons; the first says whether the line is whole.
        int content = timeEnd + 1 + streamEnd + 1 + tagEnd + 1;
        return new CriLogLine(time, isStderr, tags.Length > 0 && tags[0] == (byte)'P', record[content..]);
    }

    private static bool TryTime(ReadOnlySpan<byte> text, out DateTimeOffset time)
    {
        // Nine digits of a second; .NET reads seven.
        const int MaxLength = 40;
        time = default;
        if (text.Length > MaxLength)
        {
            return false;
        }

        string value = Encoding.ASCII.GetString(text);
        int dot = value.IndexOf('.');
        int zone = value.AsSpan(dot + 1).IndexOfAny('Z', '+', '-');
        if (dot > 0 && zone > 7)
        {
            value = string.Concat(value.AsSpan(0, dot + 8), value.AsSpan(dot + 1 + zone));
        }

        return DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
    }
}
