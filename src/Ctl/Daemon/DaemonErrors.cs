// SPDX-License-Identifier: Apache-2.0
using System.Net.Sockets;
using Grpc.Core;

namespace Gantry.Ctl.Daemon;

/// <summary>Turns what went wrong on the way to gantryd, or in it, into one line and a next step.</summary>
internal static class DaemonErrors
{
    private const string Prefix = "gantry: ";

    internal static CommandFailure Explain(RpcException error, string socket)
    {
        if (Find<SocketException>(error) is SocketException cause)
        {
            return Unreachable(cause, socket);
        }

        string detail = error.Status.Detail;
        string message = detail.StartsWith(Prefix, StringComparison.Ordinal) ? detail[Prefix.Length..] : detail;
        return error.StatusCode switch
        {
            StatusCode.Unimplemented => new CommandFailure(
                $"this gantryd does not serve the call: {message}", "compare the versions with: gantry version"),
            // With the prefix it is gantryd's own answer: a registry or a network that is not there.
            StatusCode.Unavailable when !detail.StartsWith(Prefix, StringComparison.Ordinal) => new CommandFailure(
                $"the connection to gantryd broke: {message}", "look at its log: journalctl -u gantry"),
            StatusCode.Internal => new CommandFailure(message, "look at gantryd's log: journalctl -u gantry"),
            StatusCode.Cancelled => new CommandFailure("cancelled", "", ExitCode.Interrupted),
            _ => new CommandFailure(message),
        };
    }

    private static CommandFailure Unreachable(SocketException cause, string socket) => cause.SocketErrorCode switch
    {
        SocketError.AccessDenied => new CommandFailure(
            $"permission denied on {socket}", "gantryd serves root only: run the command with sudo"),
        SocketError.ConnectionRefused => new CommandFailure(
            $"gantryd is not running: nobody answers on {socket}", "start it: systemctl start gantry, or: gantryd"),
        _ when !File.Exists(socket) => new CommandFailure(
            $"gantryd is not running: {socket} does not exist",
            "start it: systemctl start gantry, or: gantryd; another place: gantry --address PATH or GANTRY_ADDRESS"),
        _ => new CommandFailure($"cannot connect to {socket}: {cause.Message}"),
    };

    private static T? Find<T>(Exception? error)
        where T : Exception
    {
        for (Exception? e = error; e is not null; e = e.InnerException ?? (e as RpcException)?.Status.DebugException)
        {
            if (e is T found)
            {
                return found;
            }
        }

        return null;
    }
}
