// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;

namespace Gantry.Ctl.Commands;

/// <summary>Prints what makes a shell complete gantry's arguments; the shell then asks the command itself.</summary>
internal static class CompletionCommand
{
    private const string Bash =
        """
        _gantry() {
            local IFS=$'\n'
            COMPREPLY=( $(compgen -W "$(gantry "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}") )
        }
        complete -F _gantry gantry
        """;

    private const string Zsh =
        """
        #compdef gantry
        _gantry() {
            local -a found
            found=("${(@f)$(gantry "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
            compadd -a found
        }
        compdef _gantry gantry
        """;

    private static readonly Argument<string> s_shell = new("SHELL") { Description = "bash or zsh" };

    internal static Command Create()
    {
        s_shell.AcceptOnlyFromAmong("bash", "zsh");
        var command = new Command("completion", "Print a script for the shell: source <(gantry completion bash)") { s_shell };
        return command.Does((session, _) =>
        {
            session.Screen.Out.WriteLine(session.Get(s_shell) == "zsh" ? Zsh : Bash);
            return Task.FromResult(ExitCode.Success);
        });
    }
}
