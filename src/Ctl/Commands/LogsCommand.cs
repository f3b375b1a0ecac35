// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using System.Globalization;
using Gantry.Control.V1;
using Gantry.Cri.V1;
using Gantry.Ctl.Logs;
using Gantry.Ctl.Targets;

namespace Gantry.Ctl.Commands;

internal static class LogsCommand
{
    private static readonly Argument<string> s_container = Completions.ContainerArgument();
    private static readonly Option<bool> s_follow = new("--follow", "-f") { Description = "go on until the container ends" };
    private static readonly Option<bool> s_times = new("--timestamps", "-t") { Description = "put the time before each line" };

    private static readonly Option<int?> s_tail = new("--tail", "-n") { Description = "only the last lines", HelpName = "LINES" };

    private static readonly Option<string?> s_since = new("--since")
    {
        Description = "only lines from then on: a time (2026-01-02T15:04:05Z) or how long ago (90s, 15m, 2h, 1d)",
        HelpName = "TIME",
    };

    internal static Command Create() =>
        new Command("logs", "Print a container's log") { s_container, s_follow, s_times, s_tail, s_since }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancellationToken)
    {
        int? tail = session.Get(s_tail);
        if (tail < 0)
        {
            throw new CommandFailure($"--tail {tail}: accepted: 0 or more", "", ExitCode.Usage);
        }

        var view = new LogView(tail, ParseSince(session.Get(s_since), DateTimeOffset.UtcNow), session.Get(s_times));
        ContainerTarget target = await TargetSearch.FindContainerAsync(session.Daemon, session.Get(s_container), cancellationToken);
        string path = await PathAsync(session, target, cancellationToken);

        using var reader = new LogFileReader(path);
        using Stream output = Console.OpenStandardOutput();
        using Stream error = Console.OpenStandardError();
        var printer = new LogPrinter(output, error, view);
        if (!session.Get(s_follow))
        {
            printer.PrintAll(reader);
            return ExitCode.Success;
        }

        Task end = session.Daemon.Control.WaitAsync(new WaitRequest { ContainerId = target.Id }, cancellationToken: cancellationToken).ResponseAsync;
        await printer.FollowAsync(reader, end, cancellationToken);
        return ExitCode.Success;
    }

    /// <summary>The log's path, once it is a file that can be read.</summary>
    internal static async Task<string> PathAsync(Session session, ContainerTarget target, CancellationToken cancellationToken)
    {
        ContainerStatusResponse answer = await session.Daemon.Runtime.ContainerStatusAsync(
            new ContainerStatusRequest { ContainerId = target.Id }, cancellationToken: cancellationToken);
        string path = answer.Status.LogPath;
        if (path.Length == 0)
        {
            throw new CommandFailure($"container {target.Name} keeps no log: its pod was made without a log directory");
        }

        return File.Exists(path)
            ? path
            : throw new CommandFailure($"the log {path} does not exist", "the container may not have started yet: gantry ps --all");
    }

    internal static DateTimeOffset? ParseSince(string? text, DateTimeOffset now)
    {
        if (text is null)
        {
            return null;
        }

        if (text.Length > 1 && double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number))
        {
            double? seconds = text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => null };
            if (seconds is double unit && number * unit <= TimeSpan.MaxValue.TotalSeconds / 2)
            {
                TimeSpan ago = TimeSpan.FromSeconds(number * unit);
                return ago < now - DateTimeOffset.UnixEpoch ? now - ago : DateTimeOffset.UnixEpoch;
            }
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time
            : throw new CommandFailure($"--since \"{text}\": accepted: 2026-01-02T15:04:05Z, 90s, 15m, 2h, 1d", "", ExitCode.Usage);
    }
}
