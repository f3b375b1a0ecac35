// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Ctl.Output;

/// <param name="MayShrink">Whether the column is cut when the table is too wide for the terminal.</param>
internal sealed record Column(string Title, bool MayShrink = false);

/// <summary>Columns of text, cut to a terminal's width; never cut when the output goes elsewhere.</summary>
internal sealed class TextTable(params Column[] columns)
{
    private const int Gap = 2;
    private const int MinWidth = 8;
    private const char Ellipsis = '…';

    private readonly List<string[]> _rows = [];

    internal void Add(params string[] cells) => _rows.Add(cells);

    /// <param name="width">Columns of the terminal; <see langword="null"/>: as wide as it gets.</param>
    internal void Write(TextWriter output, int? width)
    {
        int[] widths = Widths(width);
        WriteRow(output, [.. columns.Select(column => column.Title)], widths);
        foreach (string[] row in _rows)
        {
            WriteRow(output, row, widths);
        }
    }

    private static void WriteRow(TextWriter output, string[] cells, int[] widths)
    {
        for (int i = 0; i < cells.Length; i++)
        {
            string cell = Clean(cells[i]);
            string shown = cell.Length > widths[i] ? cell[..(widths[i] - 1)] + Ellipsis : cell;
            output.Write(i == cells.Length - 1 ? shown : shown.PadRight(widths[i] + Gap));
        }

        output.WriteLine();
    }

    /// <summary>An image's or a pod's text must not steer the terminal.</summary>
    private static string Clean(string cell) =>
        cell.AsSpan().ContainsAnyInRange('\0', '\x1f') || cell.Contains('\x7f') || cell.Contains('\x9b')
            ? string.Concat(cell.Select(c => char.IsControl(c) ? '?' : c))
            : cell;

    private int[] Widths(int? limit)
    {
        int[] widths = [.. columns.Select((column, i) => _rows.Select(row => row[i].Length).Append(column.Title.Length).Max())];
        int excess = limit is int most ? widths.Sum() + (Gap * (columns.Length - 1)) - most : 0;
        while (excess > 0)
        {
            // The widest column that may give gives, one by one, so that no column vanishes while another has room.
            int widest = -1;
            for (int i = 0; i < columns.Length; i++)
            {
                if (columns[i].MayShrink && widths[i] > MinWidth && (widest < 0 || widths[i] > widths[widest]))
                {
                    widest = i;
                }
            }

            if (widest < 0)
            {
                break;
            }

            widths[widest]--;
            excess--;
        }

        return widths;
    }
}
