// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Ctl;

/// <summary>Exit codes of the command. Those of run are Docker's.</summary>
internal static class ExitCode
{
    internal const int Success = 0;
    internal const int Failure = 1;
    internal const int Usage = 2;

    /// <summary>run: Gantry itself failed.</summary>
    internal const int RunFailed = 125;

    /// <summary>run: the program cannot be executed.</summary>
    internal const int CannotExecute = 126;

    /// <summary>run: the program does not exist.</summary>
    internal const int NotFound = 127;

    internal const int Interrupted = 130;
}

/// <summary>A failure for the user: one line with the cause, and what to do next.</summary>
/// <param name="nextStep">Empty: nothing sensible to propose.</param>
internal sealed class CommandFailure(string message, string nextStep = "", int exitCode = ExitCode.Failure) : Exception(message)
{
    internal string NextStep { get; } = nextStep;

    internal int Code { get; } = exitCode;

    internal CommandFailure WithCode(int code) => new(Message, NextStep, code);
}
