// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Monitors;
using Gantry.MonitorApi;
using Gantry.MonitorApi.Client;

namespace Gantry.Engine.Exec;

/// <summary>CRI's ExecSync.</summary>
internal static class ExecRun
{
    internal static async Task<ExecResult> RunAsync(
        IPodMonitor monitor,
        string containerId,
        IReadOnlyList<string> command,
        TimeSpan? timeout,
        CancellationToken cancellationToken)
    {
        if (command.Count == 0 || command[0].Length == 0)
        {
            throw new EngineException(EngineError.InvalidArgument, "cmd: a program and its arguments");
        }

        var process = new ExecProcess { ContainerId = containerId, ExecId = Ids.New(), Args = command };
        TimeSpan? limit = timeout is { } time && time > TimeSpan.Zero ? time : null;
        try
        {
            ExecOutput output = await monitor.ExecSyncAsync(process, limit, cancellationToken);
            return output.TimedOut
                ? throw new EngineException(
                    EngineError.DeadlineExceeded, $"exec in container {containerId}: command did not end within {limit!.Value.TotalSeconds} s")
                : new ExecResult(output.Stdout, output.Stderr, output.ExitCode);
        }
        catch (MonitorException e)
        {
            throw EngineFailure.From($"exec in container {containerId}", e);
        }
    }
}
