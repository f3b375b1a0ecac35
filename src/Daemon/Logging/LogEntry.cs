// SPDX-License-Identifier: Apache-2.0
using Microsoft.Extensions.Logging;

namespace Gantry.Daemon.Logging;

/// <summary>One line of the log.</summary>
/// <param name="Source">Category: the class that logs.</param>
/// <param name="Fields">Placeholders and their values.</param>
internal readonly record struct LogEntry(
    DateTimeOffset Time,
    LogLevel Level,
    string Source,
    EventId Id,
    string Message,
    IReadOnlyList<KeyValuePair<string, object?>> Fields,
    Exception? Cause)
{
    /// <summary>The template that the generated loggers add to the fields.</summary>
    internal const string Template = "{OriginalFormat}";
}

/// <summary>A place for log lines. Called by one thread at a time.</summary>
internal interface ILogWriter : IDisposable
{
    void Write(in LogEntry entry);
}
