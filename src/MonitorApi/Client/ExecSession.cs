// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Gantry.MonitorApi.Client;

/// <summary>What a process wrote and how it ended.</summary>
/// <param name="ExitCode">0 to 255; 128 + n when signal n ended it.</param>
/// <param name="Stdout">At most 16 MiB; the rest was dropped.</param>
/// <param name="Stderr">At most 16 MiB; the rest was dropped.</param>
/// <param name="TimedOut">It was killed because its time was over.</param>
public sealed record ExecOutput(int ExitCode, byte[] Stdout, byte[] Stderr, bool TimedOut);

/// <summary>One process run to its end: pipes, collected output, time limit.</summary>
internal static class ExecSession
{
    /// <summary>CRI ExecSync: at most 16 MiB of each stream (CVE-2022-1708, CVE-2022-31030).</summary>
    internal const int OutputLimit = 16 << 20;

    // What the process itself wrote is in the pipe when it has ended. This is for others that it left behind with the
    // pipe open: ExecSync must not wait for them.
    private static readonly TimeSpan s_grace = TimeSpan.FromMilliseconds(250);

    // How long a killed process may take to disappear.
    private static readonly TimeSpan s_killPatience = TimeSpan.FromSeconds(10);

    internal static async Task<ExecOutput> RunAsync(
        MonitorClient client, ExecProcess process, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        Task<int> exit = client.Connection.ExpectExec(process.ExecId);
        try
        {
            using OutputCollector output = Collect(client.Loop, out SafeFileHandle outWriter);
            using OutputCollector errors = Collect(client.Loop, out SafeFileHandle errWriter);
            using (outWriter)
            using (errWriter)
            {
                await StartAsync(client, process, outWriter, errWriter, cancellationToken);
            }

            (int code, bool timedOut) = await WaitAsync(client, process.ExecId, exit, timeout, cancellationToken);
            output.FinishSoon(s_grace);
            errors.FinishSoon(s_grace);
            return new ExecOutput(code, await output.Output, await errors.Output, timedOut);
        }
        finally
        {
            client.Connection.ForgetExec(process.ExecId);
        }
    }

    private static OutputCollector Collect(MonitorLoop loop, out SafeFileHandle writer)
    {
        (SafeFileHandle reader, writer) = Pipe.Create();
        Pipe.SetNonBlocking(reader);
        return new OutputCollector(loop, reader, OutputLimit);
    }

    private static async Task StartAsync(
        MonitorClient client, ExecProcess process, SafeFileHandle stdout, SafeFileHandle stderr, CancellationToken cancellationToken)
    {
        using OwnedFd stdin = Openat2.Open(null, "/dev/null", OpenFlags.O_RDONLY, ResolveFlags.None);
        try
        {
            await client.ExecAsync(process, stdin, stdout, stderr, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The request is on its way: the process may start after this.
            Abandon(client, process.ExecId);
            throw;
        }
    }

    private static async Task<(int Code, bool TimedOut)> WaitAsync(
        MonitorClient client, string execId, Task<int> exit, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        try
        {
            return (await exit.WaitAsync(timeout ?? Timeout.InfiniteTimeSpan, cancellationToken), false);
        }
        catch (TimeoutException)
        {
            await client.KillExecAsync(execId, CancellationToken.None);
            return (await exit.WaitAsync(s_killPatience, cancellationToken), true);
        }
        catch (OperationCanceledException)
        {
            Abandon(client, execId);
            throw;
        }
    }

    // The monitor takes a kill that comes before the end of the start for what it is. Whether it succeeds changes nothing
    // for a caller who has gone.
    private static void Abandon(MonitorClient client, string execId) =>
        _ = client.KillExecAsync(execId, CancellationToken.None).ContinueWith(
            static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
}
