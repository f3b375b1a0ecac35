// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Interop.Processes;

/// <summary>How a child of this process ended.</summary>
/// <param name="Pid">In the caller's PID namespace.</param>
/// <param name="Status">The value given to exit(2), 0 to 255, or the number of the signal.</param>
/// <param name="Signaled">A signal ended it.</param>
public readonly record struct ChildExit(int Pid, int Status, bool Signaled)
{
    private const int SignalBase = 128;

    /// <summary>As a shell says it: 0 to 255; 128 + n when signal n ended the process.</summary>
    public int ExitCode => Signaled ? SignalBase + Status : Status;
}
