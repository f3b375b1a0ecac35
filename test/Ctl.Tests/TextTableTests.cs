// SPDX-License-Identifier: Apache-2.0
using Gantry.Ctl.Output;

namespace Gantry.Ctl.Tests;

public sealed class TextTableTests
{
    [Fact]
    public void A_table_fits_the_terminal_by_cutting_its_widest_columns()
    {
        TextTable table = Sample();

        string[] lines = Print(table, 40);

        Assert.All(lines, line => Assert.True(line.Length <= 40, line));
        Assert.Contains('…', lines[1]);
        Assert.StartsWith("0123456789abc  ", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_cut_when_no_terminal_shows_it() =>
        Assert.Contains("registry.example/a-very-long-name/of-an-image:latest", Print(Sample(), null)[1], StringComparison.Ordinal);

    [Fact]
    public void A_terminal_that_is_too_narrow_breaks_lines_but_nothing_else() => Assert.Equal(2, Print(Sample(), 5).Length);

    [Fact]
    public void Control_characters_of_an_image_do_not_reach_the_terminal()
    {
        var table = new TextTable(new Column("NAME"));
        table.Add("evil\e[2Jname\u009b1m");

        Assert.Equal("evil?[2Jname?1m", Print(table, null)[1]);
    }

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1_500, "1.5 kB")]
    [InlineData(123_456_789, "123 MB")]
    public void Sizes_are_short(double bytes, string text) => Assert.Equal(text, Words.Bytes(bytes));

    private static TextTable Sample()
    {
        var table = new TextTable(new Column("ID"), new Column("NAME", MayShrink: true), new Column("IMAGE", MayShrink: true));
        table.Add("0123456789abc", "a-container-with-a-name", "registry.example/a-very-long-name/of-an-image:latest");
        return table;
    }

    private static string[] Print(TextTable table, int? width)
    {
        using var writer = new StringWriter();
        table.Write(writer, width);
        return writer.ToString().TrimEnd('\n').Split('\n');
    }
}
