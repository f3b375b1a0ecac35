// SPDX-License-Identifier: Apache-2.0
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace Gantry.Images.Distribution;

/// <param name="Path">Table names and key.</param>
/// <param name="Value"><see langword="null"/>: the table itself, which may be empty.</param>
/// <param name="Line">1 or more.</param>
internal readonly record struct TomlEntry(IReadOnlyList<string> Path, ValueSyntax? Value, int Line);

/// <summary>A TOML document as a flat list of keys with their lines, in the order of the file.</summary>
internal static class TomlEntries
{
    /// <exception cref="ImageException"><see cref="ImageError.InvalidConfiguration"/>: with file and line.</exception>
    internal static List<TomlEntry> Read(string text, string file)
    {
        DocumentSyntax document = SyntaxParser.Parse(text, file, validate: true);
        if (document.HasErrors)
        {
            DiagnosticMessage first = document.Diagnostics[0];
            throw Wrong(file, first.Span.Start.Line + 1, first.Message);
        }

        var entries = new List<TomlEntry>();
        Add(entries, [], document.KeyValues);
        foreach (TableSyntaxBase table in document.Tables)
        {
            int line = LineOf(table);
            if (table is TableArraySyntax)
            {
                throw Wrong(file, line, "[[ ]]: a table in single brackets");
            }

            string[] path = PathOf(table.Name!);
            entries.Add(new TomlEntry(path, null, line));
            Add(entries, path, table.Items);
        }

        return entries;
    }

    internal static ImageException Wrong(string file, int line, string message) =>
        new(ImageError.InvalidConfiguration, $"{file}:{line}: {message}");

    private static void Add(List<TomlEntry> entries, string[] prefix, IEnumerable<KeyValueSyntax> items)
    {
        foreach (KeyValueSyntax item in items)
        {
            string[] path = [.. prefix, .. PathOf(item.Key!)];
            if (item.Value is InlineTableSyntax inline)
            {
                entries.Add(new TomlEntry(path, null, LineOf(item)));
                Add(entries, path, inline.Items.Select(static i => i.KeyValue!));
            }
            else
            {
                entries.Add(new TomlEntry(path, item.Value, LineOf(item)));
            }
        }
    }

    private static string[] PathOf(KeySyntax key) =>
        [Text(key.Key!), .. key.DotKeys.Select(static d => Text(d.Key!))];

    private static string Text(BareKeyOrStringValueSyntax key) => key switch
    {
        StringValueSyntax text => text.Value ?? "",
        BareKeySyntax bare => bare.Key?.Text ?? "",
        _ => "",
    };

    private static int LineOf(SyntaxNodeBase node) => node.Span.Start.Line + 1;
}
