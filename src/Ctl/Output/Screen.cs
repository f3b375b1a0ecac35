// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Gantry.Ctl.Output;

/// <summary>Where the command writes, and what that place can show.</summary>
/// <param name="width">Columns; <see langword="null"/>: nothing is cut.</param>
/// <param name="isTerminal">Whether a person watches: progress bars, colours.</param>
internal sealed class Screen(TextWriter output, TextWriter error, int? width, bool isTerminal, bool colour)
{
    private const int FallbackWidth = 80;

    internal TextWriter Out { get; } = output;

    internal TextWriter Error { get; } = error;

    internal int? Width { get; } = width;

    internal bool IsTerminal { get; } = isTerminal;

    internal bool Colour { get; } = colour;

    /// <summary>This process's own streams. NO_COLOR: https://no-color.org.</summary>
    internal static Screen OfProcess()
    {
        bool terminal = !Console.IsOutputRedirected;
        bool colour = terminal
            && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
            && Environment.GetEnvironmentVariable("TERM") is not (null or "dumb");
        return new Screen(Console.Out, Console.Error, terminal ? TerminalWidth() : null, terminal, colour);
    }

    internal void Json<T>(T value, JsonTypeInfo<T> type) => Out.WriteLine(JsonSerializer.Serialize(value, type));

    private static int TerminalWidth()
    {
        int columns = Console.WindowWidth;
        return columns > 0 ? columns : FallbackWidth;
    }
}
