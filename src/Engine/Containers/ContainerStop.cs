// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Monitors;
using Gantry.MonitorApi;

namespace Gantry.Engine.Containers;

/// <summary>Stops a running container. Takes no gate: status, lists and a second, more impatient stop go on meanwhile.</summary>
internal static class ContainerStop
{
    private const int SigKill = 9;

    /// <param name="grace">Zero: SIGKILL at once. Longer than the timer can wait: for ever.</param>
    internal static async Task RunAsync(
        EngineContext engine, ContainerEntry container, TimeSpan grace, CancellationToken cancellationToken)
    {
        if (container.Record.Status.State != ContainerState.Running || container.Pod.Monitor is not IPodMonitor monitor)
        {
            return;
        }

        if (grace > TimeSpan.Zero && await AskAsync(engine, container, monitor, grace, cancellationToken))
        {
            return;
        }

        await SignalAsync(container, monitor, SigKill, all: true, cancellationToken);
        await container.Exited.WaitAsync(cancellationToken);
    }

    /// <returns>True when it ended within the grace time.</returns>
    private static async Task<bool> AskAsync(
        EngineContext engine, ContainerEntry container, IPodMonitor monitor, TimeSpan grace, CancellationToken cancellationToken)
    {
        if (container.TakeStopSignal())
        {
            await SignalAsync(container, monitor, container.Record.StopSignal, all: false, cancellationToken);
        }

        try
        {
            TimeSpan limit = grace.TotalMilliseconds < int.MaxValue ? grace : Timeout.InfiniteTimeSpan;
            await container.Exited.WaitAsync(limit, engine.Clock, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static async Task SignalAsync(
        ContainerEntry container, IPodMonitor monitor, int signal, bool all, CancellationToken cancellationToken)
    {
        try
        {
            await monitor.SignalAsync(container.Id, signal, all, cancellationToken);
        }
        catch (MonitorException) when (container.Record.Exited)
        {
            // It ended on its own just now.
        }
        catch (MonitorException e) when (e.Kind == MonitorErrorKind.Disconnected)
        {
            // The loss of the monitor is settled elsewhere and ends the wait for the exit.
        }
        catch (MonitorException e)
        {
            throw EngineFailure.From($"signal {signal} to container {container.Id}", e);
        }
    }
}
