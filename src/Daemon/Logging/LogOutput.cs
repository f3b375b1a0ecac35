// SPDX-License-Identifier: Apache-2.0
using Gantry.Daemon.Configuration;
using Microsoft.Extensions.Logging;

namespace Gantry.Daemon.Logging;

/// <summary>The daemon's log: one writer, one level that a reload may change.</summary>
internal sealed class LogOutput(ILogWriter writer, TimeProvider clock) : ILoggerProvider
{
    private readonly Lock _gate = new();

    /// <summary>Lines below it are dropped; ASP.NET's own below Warning always.</summary>
    public LogLevel Level { get; set; } = LogLevel.Information;

    public static LogOutput Open(LogFormat format, LogLevel level)
    {
        ILogWriter writer = format switch
        {
            LogFormat.Json => new JsonLogWriter(Console.OpenStandardError()),
            LogFormat.Journald => new JournalLogWriter(JournalLogWriter.DefaultSocket),
            LogFormat.Auto when StderrIsJournal() => new JournalLogWriter(JournalLogWriter.DefaultSocket),
            _ => new TextLogWriter(Console.OpenStandardError()),
        };
        return new LogOutput(writer, TimeProvider.System) { Level = level };
    }

    public ILogger CreateLogger(string categoryName) =>
        new CategoryLogger(this, categoryName, categoryName.StartsWith("Gantry.", StringComparison.Ordinal) ? LogLevel.Trace : LogLevel.Warning);

    public void Dispose() => writer.Dispose();

    /// <summary>systemd sets JOURNAL_STREAM to device:inode of the socket that it made our stderr.</summary>
    private static bool StderrIsJournal()
    {
        string? stream = Environment.GetEnvironmentVariable("JOURNAL_STREAM");
        string? target = File.ResolveLinkTarget("/proc/self/fd/2", returnFinalTarget: false)?.Name;
        string[] parts = stream?.Split(':') ?? [];
        return parts.Length == 2 && target == $"socket:[{parts[1]}]" && File.Exists(JournalLogWriter.DefaultSocket);
    }

    private void Write(in LogEntry entry)
    {
        lock (_gate)
        {
            writer.Write(entry);
        }
    }

    private sealed class CategoryLogger(LogOutput output, string category, LogLevel minimum) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= minimum && logLevel >= output.Level && logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                output.Write(new LogEntry(
                    output.Now, logLevel, category, eventId, formatter(state, exception),
                    state as IReadOnlyList<KeyValuePair<string, object?>> ?? [], exception));
            }
        }
    }

    private DateTimeOffset Now => clock.GetUtcNow();
}
