// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Gantry.Runtime.Seccomp;

/// <summary>Return values of a filter (linux/seccomp.h) for the actions of the runtime specification.</summary>
internal static class SeccompAction
{
    internal const uint KillProcess = 0x8000_0000;
    internal const uint KillThread = 0;
    internal const uint Trap = 0x0003_0000;
    internal const uint Errno = 0x0005_0000;
    internal const uint Notify = 0x7fc0_0000;
    internal const uint Trace = 0x7ff0_0000;
    internal const uint Log = 0x7ffc_0000;
    internal const uint Allow = 0x7fff_0000;

    internal const uint EPERM = 1;
    internal const uint ENOSYS = 38;
    private const uint MaxErrno = 4095;
    private const uint MaxTrace = 0xffff;

    /// <param name="field">For the message, below <c>linux.seccomp</c>.</param>
    /// <exception cref="SeccompException">No such action, or it takes no number, or a smaller one.</exception>
    internal static uint Parse(string name, uint? errnoRet, string field)
    {
        uint action = name switch
        {
            "SCMP_ACT_KILL" or "SCMP_ACT_KILL_THREAD" => KillThread,
            "SCMP_ACT_KILL_PROCESS" => KillProcess,
            "SCMP_ACT_TRAP" => Trap,
            "SCMP_ACT_ERRNO" => Errno,
            "SCMP_ACT_TRACE" => Trace,
            "SCMP_ACT_ALLOW" => Allow,
            "SCMP_ACT_LOG" => Log,
            "SCMP_ACT_NOTIFY" => Notify,
            _ => throw new SeccompException(
                field, name, "SCMP_ACT_ and KILL, KILL_THREAD, KILL_PROCESS, TRAP, ERRNO, TRACE, ALLOW, LOG or NOTIFY"),
        };
        uint max = action switch { Errno => MaxErrno, Trace => MaxTrace, _ => 0 };
        if (errnoRet > max)
        {
            throw new SeccompException(
                $"{field} errnoRet", errnoRet.Value.ToString(CultureInfo.InvariantCulture),
                max == 0 ? $"absent: {name} has no number" : string.Create(CultureInfo.InvariantCulture, $"0 to {max}"));
        }

        return action is Errno or Trace ? action | (errnoRet ?? EPERM) : action;
    }

    /// <summary>Lets the call happen.</summary>
    internal static bool Permits(uint action) => action is Allow or Log;
}
