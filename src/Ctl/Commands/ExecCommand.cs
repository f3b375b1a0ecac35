// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using System.Text;
using Gantry.Cri.V1;
using Gantry.Ctl.Output;
using Gantry.Ctl.Targets;

namespace Gantry.Ctl.Commands;

internal static class ExecCommand
{
    private static readonly Argument<string> s_container = Completions.ContainerArgument();

    private static readonly Argument<string[]> s_command = new("COMMAND")
    {
        Description = "program and its arguments",
        Arity = ArgumentArity.OneOrMore,
        CaptureRemainingTokens = true,
    };

    private static readonly Option<long> s_timeout = new("--timeout") { Description = "kill the command after so many seconds (0: never)", HelpName = "SECONDS" };
    private static readonly Option<bool> s_stdin = new("--interactive", "-i") { Description = "not yet: hand stdin to the command" };
    private static readonly Option<bool> s_tty = new("--tty", "-t") { Description = "not yet: give the command a terminal" };

    internal static Command Create() =>
        new Command("exec", "Run a command in a running container") { s_timeout, s_stdin, s_tty, s_container, s_command }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancellationToken)
    {
        if (session.Get(s_stdin) || session.Get(s_tty))
        {
            throw new CommandFailure(
                "exec with stdin or a terminal is not there yet: it comes with the streaming calls of CRI",
                "run a command without -i and -t; its output is printed when it ends", ExitCode.RunFailed);
        }

        ContainerTarget target = await TargetSearch.FindContainerAsync(session.Daemon, session.Get(s_container), cancellationToken);
        var request = new ExecSyncRequest { ContainerId = target.Id, Timeout = session.Get(s_timeout) };
        request.Cmd.AddRange(session.Get(s_command));
        ExecSyncResponse result = await session.Daemon.Runtime.ExecSyncAsync(request, cancellationToken: cancellationToken);
        if (session.WantsJson)
        {
            var shape = new ExecShape(result.ExitCode, Encoding.UTF8.GetString(result.Stdout.Span), Encoding.UTF8.GetString(result.Stderr.Span));
            session.Screen.Json(shape, ShapeJson.Printed.ExecShape);
            return result.ExitCode;
        }

        using Stream output = Console.OpenStandardOutput();
        using Stream error = Console.OpenStandardError();
        output.Write(result.Stdout.Span);
        error.Write(result.Stderr.Span);
        return result.ExitCode;
    }
}
