// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Spawn;

namespace Gantry.Runtime.Launch;

/// <summary>A container or a process in it could not be started; nothing of it is left.</summary>
public sealed class LaunchException(string message, int exitCode, Exception? cause = null) : Exception(message, cause)
{
    private const int CannotStart = 128;
    private const int CannotExecute = 126;
    private const int NotFound = 127;

    /// <summary>What a shell would report: 127 no such program, 126 not executable, 128 otherwise.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>A field of the specification that cannot be honoured.</summary>
    /// <param name="field">JSON path such as <c>linux.sysctl</c>.</param>
    internal static LaunchException Field(string field, string value, string accepted) =>
        new($"{field}: {value}: {accepted}", CannotStart);

    /// <summary>Puts a failed operation of the child into the user's terms.</summary>
    internal static LaunchException From(SpawnException error, string program) => error switch
    {
        { Call: "execve", Errno: Errno.ENOENT or Errno.ENOTDIR } =>
            new($"exec: \"{program}\": no such executable file in the container (looked in its PATH): {error.Message}", NotFound, error),
        { Call: "execve" } => new($"exec: \"{program}\": {error.Message}", CannotExecute, error),
        { Call: "openat2", Subject: var cwd } when cwd.StartsWith("cwd ", StringComparison.Ordinal) =>
            new($"process.{cwd}: not a directory inside the container: {error.Message}", CannotStart, error),
        _ => new($"start of \"{program}\": operation {error.Operation} failed: {error.Message}", CannotStart, error),
    };
}
