// SPDX-License-Identifier: Apache-2.0
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace Gantry.Daemon.Configuration;

/// <summary>Reads config.toml. All errors are reported at once, each with its line.</summary>
internal static class ConfigFile
{
    private const long MaxBytes = 1024 * 1024;

    /// <param name="path">The file; may be absent when <paramref name="required"/> is false, which means defaults.</param>
    /// <exception cref="ConfigException">Absent, unreadable or wrong.</exception>
    internal static DaemonConfig Read(string path, bool required, DaemonConfig defaults)
    {
        try
        {
            if (!required && !File.Exists(path))
            {
                return defaults;
            }

            using FileStream file = File.OpenRead(path);
            if (file.Length > MaxBytes)
            {
                throw new ConfigException([$"{path}: {file.Length} bytes; accepted: at most {MaxBytes}"]);
            }

            using var reader = new StreamReader(file);
            return Parse(reader.ReadToEnd(), path, defaults);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException([$"{path}: cannot be read: {e.Message}"]);
        }
    }

    /// <exception cref="ConfigException">Wrong.</exception>
    internal static DaemonConfig Parse(string text, string path, DaemonConfig defaults)
    {
        DocumentSyntax document = Syntax(text, path);
        List<string> errors = [.. document.Diagnostics.Select(d => $"{path}:{Line(d.Span)}: {d.Message}")];
        if (errors.Count > 0)
        {
            throw new ConfigException(errors);
        }

        DaemonConfig config = defaults;
        foreach ((string name, int line, ConfigValue value) in Entries(document))
        {
            if (ConfigKeys.Find(name) is not ConfigKey key)
            {
                errors.Add($"{path}:{line}: {name}: unknown key; {Suggestion(name)}");
            }
            else if (key.Set(config, value) is DaemonConfig changed)
            {
                config = changed;
            }
            else
            {
                errors.Add($"{path}:{line}: {name}: {value}; accepted: {key.Accepted}");
            }
        }

        return errors.Count == 0 ? config : throw new ConfigException(errors);
    }

    private static DocumentSyntax Syntax(string text, string path)
    {
        try
        {
            return SyntaxParser.Parse(text, path, validate: true);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or FormatException)
        {
            // Tomlyn 2.10 throws on a \u that the end of the file cuts, in place of a diagnostic (found by the fuzz test).
            int line = text.AsSpan().Count('\n') + 1;
            throw new ConfigException([$"{path}:{line}: no TOML near the end: {e.Message}"]);
        }
    }

    private static IEnumerable<(string Name, int Line, ConfigValue Value)> Entries(DocumentSyntax document)
    {
        foreach (KeyValueSyntax pair in document.KeyValues)
        {
            foreach ((string, int, ConfigValue) entry in Entries("", pair))
            {
                yield return entry;
            }
        }

        foreach (TableSyntaxBase table in document.Tables)
        {
            string prefix = Name(table.Name) + ".";
            foreach (KeyValueSyntax pair in table.Items)
            {
                foreach ((string, int, ConfigValue) entry in Entries(prefix, pair))
                {
                    yield return entry;
                }
            }
        }
    }

    /// <summary>One entry, or those of an inline table.</summary>
    private static IEnumerable<(string Name, int Line, ConfigValue Value)> Entries(string prefix, KeyValueSyntax pair)
    {
        string name = prefix + Name(pair.Key);
        return pair.Value is InlineTableSyntax table
            ? table.Items.Where(item => item.KeyValue is not null).SelectMany(item => Entries(name + ".", item.KeyValue!))
            : [(name, Line(pair.Span), Value(pair.Value))];
    }

    private static string Name(KeySyntax? key)
    {
        if (key is null)
        {
            return "";
        }

        IEnumerable<string> parts = key.DotKeys.Select(dot => Part(dot.Key)).Prepend(Part(key.Key));
        return string.Join('.', parts);
    }

    private static string Part(BareKeyOrStringValueSyntax? part) => part switch
    {
        BareKeySyntax bare => bare.Key?.Text ?? "",
        StringValueSyntax text => text.Value ?? "",
        _ => "",
    };

    private static ConfigValue Value(ValueSyntax? value) => value switch
    {
        StringValueSyntax text => new ConfigValue { Text = text.Value },
        IntegerValueSyntax number => new ConfigValue { Number = number.Value },
        BooleanValueSyntax truth => new ConfigValue { Truth = truth.Value },
        ArraySyntax array when array.Items.All(item => item.Value is StringValueSyntax) =>
            new ConfigValue { List = [.. array.Items.Select(item => ((StringValueSyntax)item.Value!).Value ?? "")] },
        _ => new ConfigValue(),
    };

    private static int Line(SourceSpan span) => span.Start.Line + 1;

    private static string Suggestion(string name)
    {
        string last = name[(name.LastIndexOf('.') + 1)..];
        string table = name[..Math.Max(0, name.LastIndexOf('.'))];
        ConfigKey? near = ConfigKeys.All.FirstOrDefault(key => key.Name.EndsWith("." + last, StringComparison.Ordinal) || key.Name == last);
        IEnumerable<string> siblings = ConfigKeys.All.Select(key => key.Name).Where(key => key.StartsWith(table + ".", StringComparison.Ordinal));
        return near is not null ? $"did you mean {near.Name}?"
            : table.Length > 0 && siblings.Any() ? $"accepted: {string.Join(", ", siblings)}"
            : $"accepted: {string.Join(", ", ConfigKeys.All.Select(key => key.Name))}";
    }
}
