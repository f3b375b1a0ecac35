// SPDX-License-Identifier: Apache-2.0
using Gantry.Control.V1;
using Gantry.Ctl.Output;
using Grpc.Core;
using Spectre.Console;

namespace Gantry.Ctl.Commands;

/// <summary>A pull with its progress: a bar per layer for a person, a line per finished layer for a log.</summary>
internal static class Pulling
{
    private const int DigestLength = 12;

    internal static async Task<PullDone> RunAsync(Session session, PullRequest request, bool quiet, CancellationToken cancellationToken)
    {
        using AsyncServerStreamingCall<PullEvent> call = session.Daemon.Control.Pull(request, cancellationToken: cancellationToken);
        if (quiet)
        {
            return await ReadAsync(call, _ => { }, cancellationToken);
        }

        // Progress goes to stderr: stdout carries the result alone.
        return session.Screen.IsTerminal && !Console.IsErrorRedirected
            ? await WithBarsAsync(session.Screen, call, cancellationToken)
            : await WithLinesAsync(session.Screen.Error, call, cancellationToken);
    }

    private static async Task<PullDone> WithBarsAsync(Screen screen, AsyncServerStreamingCall<PullEvent> call, CancellationToken cancellationToken)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(screen.Error),
            ColorSystem = screen.Colour ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
        });
        return await console.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new DownloadedColumn(), new TransferSpeedColumn())
            .StartAsync(async progress =>
            {
                Dictionary<string, ProgressTask> bars = [];
                return await ReadAsync(call, layer => Show(progress, bars, layer), cancellationToken);
            });
    }

    private static void Show(ProgressContext progress, Dictionary<string, ProgressTask> bars, LayerProgress layer)
    {
        if (!bars.TryGetValue(layer.Digest, out ProgressTask? bar))
        {
            bar = progress.AddTask(ShortDigest(layer.Digest));
            bars.Add(layer.Digest, bar);
        }

        bar.Description = $"{ShortDigest(layer.Digest)} {Word(layer.State)}";
        bar.MaxValue = Math.Max(1, layer.TotalBytes);
        bar.Value = IsOver(layer.State) ? bar.MaxValue : layer.ReceivedBytes;
        if (IsOver(layer.State))
        {
            bar.StopTask();
        }
    }

    private static Task<PullDone> WithLinesAsync(TextWriter output, AsyncServerStreamingCall<PullEvent> call, CancellationToken cancellationToken)
    {
        HashSet<string> over = [];
        return ReadAsync(
            call,
            layer =>
            {
                if (IsOver(layer.State) && over.Add(layer.Digest))
                {
                    output.WriteLine($"{ShortDigest(layer.Digest)}: {Word(layer.State)} ({Words.Bytes(layer.TotalBytes)})");
                }
            },
            cancellationToken);
    }

    private static async Task<PullDone> ReadAsync(
        AsyncServerStreamingCall<PullEvent> call, Action<LayerProgress> show, CancellationToken cancellationToken)
    {
        PullDone? done = null;
        await foreach (PullEvent report in call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            if (report.Layer is LayerProgress layer)
            {
                show(layer);
            }

            done = report.Done ?? done;
        }

        return done ?? throw new CommandFailure("gantryd ended the pull without a result", "look at its log: journalctl -u gantry");
    }

    private static bool IsOver(LayerState state) => state is LayerState.LayerDone or LayerState.LayerPresent;

    private static string Word(LayerState state) => state switch
    {
        LayerState.LayerReceiving => "downloading",
        LayerState.LayerCommitting => "unpacking",
        LayerState.LayerDone => "done",
        LayerState.LayerPresent => "already here",
        _ => "waiting",
    };

    private static string ShortDigest(string digest)
    {
        string hex = digest[(digest.IndexOf(':') + 1)..];
        return hex.Length > DigestLength ? hex[..DigestLength] : hex;
    }
}
