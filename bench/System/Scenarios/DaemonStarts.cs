// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using System.Net.Sockets;
using Gantry.Bench.System.Client;
using Gantry.Bench.System.Measuring;
using Gantry.Cri.V1;
using Grpc.Net.Client;

namespace Gantry.Bench.System.Scenarios;

/// <summary>From the start of the daemon's process to the answer of its first call.</summary>
internal static class DaemonStarts
{
    private const int WarmUps = 3;
    private const int Starts = 15;
    private const int Sigterm = 15;
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(1);

    internal static async Task RunAsync(DaemonProgram daemon, Figures figures, CancellationToken cancellationToken)
    {
        Progress.Show("starts of the daemon");
        for (int i = -WarmUps; i < Starts; i++)
        {
            TimeSpan time = await StartAsync(daemon, cancellationToken);
            if (i >= 0)
            {
                figures.Add(Measure.DaemonStart, RuntimeAddress.Gantry, time);
            }
        }
    }

    private static async Task<TimeSpan> StartAsync(DaemonProgram daemon, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_limit);
        long begin = Stopwatch.GetTimestamp();
        using Process process = Process.Start(
            new ProcessStartInfo(daemon.Program, ["--config", daemon.Config, "--listen", daemon.Socket]) { RedirectStandardError = true })!;
        Task<string> log = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await WaitForSocketAsync(daemon.Socket, process, log, limit.Token);
            using GrpcChannel channel = CriRuntime.Connect(daemon.Socket);
            await new RuntimeService.RuntimeServiceClient(channel).VersionAsync(new VersionRequest(), null, CriRuntime.Deadline, limit.Token);
            return Stopwatch.GetElapsedTime(begin);
        }
        finally
        {
            if (!process.HasExited)
            {
                using Process kill = Process.Start("kill", [$"-{Sigterm}", $"{process.Id}"]);
                await kill.WaitForExitAsync(CancellationToken.None);
                await process.WaitForExitAsync(CancellationToken.None);
            }
        }
    }

    private static async Task WaitForSocketAsync(string path, Process process, Task<string> log, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (process.HasExited)
            {
                throw new InvalidOperationException($"{process.StartInfo.FileName} ended with {process.ExitCode} before it answered: {await log}");
            }

            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(s_pause, cancellationToken);
            }
        }
    }
}
