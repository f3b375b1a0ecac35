// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using System.Reflection;
using Gantry.Cri.V1;
using Gantry.Ctl.Output;
using Grpc.Core;

namespace Gantry.Ctl.Commands;

internal static class VersionCommand
{
    /// <summary>As built, with seven digits of the commit.</summary>
    internal static string Own { get; } = Shorten(
        typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0");

    internal static Command Create() => new Command("version", "Print the versions of this command and of gantryd").Does(RunAsync);

    /// <summary>Prints its own version without a daemon too, but then fails: scripts wait for the daemon with it.</summary>
    private static async Task<int> RunAsync(Session session, CancellationToken cancellationToken)
    {
        VersionResponse? server = await AskAsync(session, cancellationToken);
        if (session.WantsJson)
        {
            session.Screen.Json(
                new VersionShape(Own, server?.RuntimeVersion, server?.RuntimeName, server?.RuntimeApiVersion), ShapeJson.Printed.VersionShape);
            return server is null ? ExitCode.Failure : ExitCode.Success;
        }

        session.Screen.Out.WriteLine($"gantry   {Own}");
        session.Screen.Out.WriteLine(server is null
            ? $"gantryd  does not answer on {session.Daemon.SocketPath}"
            : $"gantryd  {server.RuntimeVersion} (CRI {server.RuntimeApiVersion})");
        return server is null ? ExitCode.Failure : ExitCode.Success;
    }

    private static async Task<VersionResponse?> AskAsync(Session session, CancellationToken cancellationToken)
    {
        try
        {
            return await session.Daemon.Runtime.VersionAsync(new VersionRequest { Version = "v1" }, cancellationToken: cancellationToken);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable)
        {
            return null;
        }
    }

    private static string Shorten(string version)
    {
        const int CommitDigits = 7;
        int plus = version.IndexOf('+');
        return plus >= 0 && version.Length > plus + 1 + CommitDigits ? version[..(plus + 1 + CommitDigits)] : version;
    }
}
