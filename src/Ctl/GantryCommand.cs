// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Gantry.Ctl.Commands;

namespace Gantry.Ctl;

/// <summary>The command with all that hangs below it.</summary>
internal static class GantryCommand
{
    internal static RootCommand Create()
    {
        var root = new RootCommand("Gantry: run containers and pods on this node")
        {
            RunCommand.Create(),
            PsCommand.Create(),
            PodsCommand.Create(),
            LogsCommand.Create(),
            ExecCommand.Create(),
            StopCommand.Create(),
            RmCommand.Create(),
            ImagesCommand.Create(),
            PullCommand.Create(),
            RmiCommand.Create(),
            InspectCommand.Create(),
            InfoCommand.Create(),
            VersionCommand.Create(),
            CompletionCommand.Create(),
        };
        root.Add(GlobalOptions.Address);
        root.Add(GlobalOptions.Output);
        return root;
    }

    internal static string HelpFor(ParseResult arguments)
    {
        Command command = arguments.CommandResult.Command;
        return command is RootCommand ? "gantry --help" : $"gantry {command.Name} --help";
    }
}
