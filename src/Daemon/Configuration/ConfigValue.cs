// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Gantry.Daemon.Configuration;

/// <summary>A value as it stands in the file: text, integer, truth value or list of texts.</summary>
internal sealed record ConfigValue
{
    public string? Text { get; init; }

    public long? Number { get; init; }

    public bool? Truth { get; init; }

    public IReadOnlyList<string>? List { get; init; }

    /// <summary>The value of a command line option, which may stand for any kind.</summary>
    internal static ConfigValue FromOption(string text) => new()
    {
        Text = text,
        Number = long.TryParse(text, CultureInfo.InvariantCulture, out long number) ? number : null,
        Truth = bool.TryParse(text, out bool truth) ? truth : null,
    };

    public override string ToString() => this switch
    {
        { Text: string text } => $"\"{text}\"",
        { Number: long number } => number.ToString(CultureInfo.InvariantCulture),
        { Truth: bool truth } => truth ? "true" : "false",
        { List: IReadOnlyList<string> list } => $"[{string.Join(", ", list.Select(item => $"\"{item}\""))}]",
        _ => "a value of another kind",
    };
}
