// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;

namespace Gantry.Ctl.Logs;

/// <param name="Tail">Last lines only; <see langword="null"/>: all.</param>
/// <param name="Since">Older lines are left out.</param>
internal sealed record LogView(int? Tail, DateTimeOffset? Since, bool Timestamps);

/// <summary>Prints a container's log: stdout to stdout, stderr to stderr.</summary>
internal sealed class LogPrinter(Stream output, Stream error, LogView view)
{
    /// <summary>New lines are looked for this often: a file system that cannot notify (NFS) works the same.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    private bool _stdoutOpen;
    private bool _stderrOpen;

    /// <summary>Prints what is there now.</summary>
    internal void PrintAll(LogFileReader reader)
    {
        IEnumerable<CriLogLine> lines = Lines(reader);
        foreach (CriLogLine line in view.Tail is int tail ? Last(lines, tail) : lines)
        {
            Print(line);
        }

        output.Flush();
        error.Flush();
    }

    /// <summary>Prints what is there and what comes, until <paramref name="end"/> is complete, and then the rest.</summary>
    internal async Task FollowAsync(LogFileReader reader, Task end, CancellationToken cancellationToken)
    {
        PrintAll(reader);
        LogPrinter following = view.Tail is null ? this : new LogPrinter(output, error, view with { Tail = null });
        bool last;
        do
        {
            last = end.IsCompleted;
            following.PrintAll(reader);
            if (!last)
            {
                await Task.WhenAny(end, Task.Delay(s_pause, cancellationToken));
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        while (!last);
    }

    private IEnumerable<CriLogLine> Lines(LogFileReader reader)
    {
        foreach (ReadOnlyMemory<byte> record in reader.ReadAvailable())
        {
            if (CriLogLine.Parse(record) is CriLogLine line && !(line.Time < view.Since))
            {
                yield return line;
            }
        }
    }

    private static Queue<CriLogLine> Last(IEnumerable<CriLogLine> lines, int count)
    {
        // Partial records belong to their line.
        Queue<CriLogLine> kept = new();
        int whole = 0;
        foreach (CriLogLine line in lines)
        {
            kept.Enqueue(line);
            whole += line.IsPartial ? 0 : 1;
            while (whole > count)
            {
                whole -= kept.Dequeue().IsPartial ? 0 : 1;
            }
        }

        return kept;
    }

    private void Print(in CriLogLine line)
    {
        Stream stream = line.IsStderr ? error : output;
        ref bool open = ref (line.IsStderr ? ref _stderrOpen : ref _stdoutOpen);
        if (view.Timestamps && !open)
        {
            string time = line.Time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ ", CultureInfo.InvariantCulture);
            stream.Write(Encoding.ASCII.GetBytes(time));
        }

        stream.Write(line.Content.Span);
        open = line.IsPartial;
        if (!line.IsPartial)
        {
            stream.WriteByte((byte)'\n');
        }
    }
}
