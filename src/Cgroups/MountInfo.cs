// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;

namespace Gantry.Cgroups;

/// <summary>One line of <c>/proc/self/mountinfo</c> (proc_pid_mountinfo(5)).</summary>
/// <param name="Device">Major and minor of the superblock, as <c>0:31</c>: equal for two mounts of one file system.</param>
/// <param name="Root">What of the file system is mounted: <c>/</c> when all.</param>
/// <param name="SuperOptions">Options of the file system; for cgroup v1 the controllers are among them.</param>
public sealed record MountInfo(
    int Id, int ParentId, string Device, string Root, string MountPoint, string Options, string Type, string Source, string SuperOptions)
{
    private const int FieldsBeforeOptional = 6;
    private const int FieldsAfterSeparator = 3;

    /// <summary>Reads the lines that are well-formed; others are left out, a mount table is no place to give up.</summary>
    public static IReadOnlyList<MountInfo> Parse(string text)
    {
        List<MountInfo> mounts = [];
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            if (TryParseLine(line) is { } mount)
            {
                mounts.Add(mount);
            }
        }

        return mounts;
    }

    internal static MountInfo? TryParseLine(ReadOnlySpan<char> line)
    {
        string[] fields = line.ToString().Split(' ');
        int separator = fields.Length > FieldsBeforeOptional ? Array.IndexOf(fields, "-", FieldsBeforeOptional) : -1;
        if (separator < 0 || fields.Length - separator - 1 < FieldsAfterSeparator
            || !TryNumber(fields[0], out int id) || !TryNumber(fields[1], out int parent))
        {
            return null;
        }

        return new MountInfo(
            id, parent, fields[2], Unescape(fields[3]), Unescape(fields[4]), fields[5],
            fields[separator + 1], Unescape(fields[separator + 2]), fields[separator + 3]);
    }

    /// <summary>The kernel writes space, tab, newline and backslash as a backslash and three octal digits.</summary>
    internal static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
        {
            return text;
        }

        StringBuilder plain = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length && TryOctal(text.AsSpan(i + 1, 3), out char c))
            {
                plain.Append(c);
                i += 3;
            }
            else
            {
                plain.Append(text[i]);
            }
        }

        return plain.ToString();
    }

    private static bool TryOctal(ReadOnlySpan<char> digits, out char value)
    {
        int sum = 0;
        foreach (char digit in digits)
        {
            if (digit is < '0' or > '7')
            {
                value = default;
                return false;
            }

            sum = (sum * 8) + (digit - '0');
        }

        value = (char)sum;
        return sum < 128;
    }

    private static bool TryNumber(string text, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
