// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Gantry.Daemon.Logging;

/// <summary>Lines for people: time, level, message.</summary>
internal sealed class TextLogWriter(Stream output) : ILogWriter
{
    private readonly StringBuilder _line = new();

    public void Write(in LogEntry entry)
    {
        _line.Clear()
            .Append(entry.Time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture))
            .Append(' ').Append(Level(entry.Level)).Append(' ');
        AppendOneLine(entry.Message);
        if (entry.Cause is not null)
        {
            _line.Append('\n').Append(entry.Cause);
        }

        _line.Append('\n');
        try
        {
            output.Write(Encoding.UTF8.GetBytes(_line.ToString()));
            output.Flush();
        }
        catch (IOException)
        {
            // Whoever read our stderr is gone: a log line is no reason to stop serving.
        }
    }

    public void Dispose() => output.Dispose();

    internal static string Level(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info ",
        LogLevel.Warning => "warn ",
        LogLevel.Error => "error",
        _ => "fatal",
    };

    /// <summary>A client's text must not forge a second line.</summary>
    private void AppendOneLine(string message)
    {
        foreach (char c in message)
        {
            _line.Append(char.IsControl(c) ? ' ' : c);
        }
    }
}
