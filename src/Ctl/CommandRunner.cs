// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Gantry.Ctl.Daemon;
using Gantry.Ctl.Output;
using Grpc.Core;

namespace Gantry.Ctl;

/// <summary>Runs a command's work and turns its failures into one line, a next step and an exit code.</summary>
internal static class CommandRunner
{
    internal static Command Does(this Command command, Func<Session, CancellationToken, Task<int>> work)
    {
        command.SetAction((arguments, cancellationToken) => RunAsync(arguments, Screen.OfProcess(), work, cancellationToken));
        return command;
    }

    internal static async Task<int> RunAsync(
        ParseResult arguments, Screen screen, Func<Session, CancellationToken, Task<int>> work, CancellationToken cancellationToken)
    {
        using var session = new Session(arguments, screen);
        try
        {
            return await work(session, cancellationToken);
        }
        catch (CommandFailure failure)
        {
            return Report(screen, failure);
        }
        catch (RpcException error) when (!cancellationToken.IsCancellationRequested)
        {
            return Report(screen, DaemonErrors.Explain(error, session.Daemon.SocketPath));
        }
        catch (Exception e) when (cancellationToken.IsCancellationRequested && e is OperationCanceledException or RpcException)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Report(screen, new CommandFailure(e.Message));
        }
    }

    private static int Report(Screen screen, CommandFailure failure)
    {
        screen.Error.WriteLine($"gantry: {failure.Message}");
        if (failure.NextStep.Length > 0)
        {
            screen.Error.WriteLine($"  next: {failure.NextStep}");
        }

        return failure.Code;
    }
}
