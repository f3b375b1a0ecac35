// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Runtime.Seccomp;

/// <summary>SECCOMP_FILTER_FLAG_* of linux/seccomp.h.</summary>
internal static class SeccompFlags
{
    private const uint TSync = 1;
    private const uint Log = 2;
    private const uint SpecAllow = 4;
    internal const uint NewListener = 8;
    private const uint TSyncEsrch = 16;
    private const uint WaitKillableRecv = 32;

    /// <exception cref="SeccompException">No such flag, or one that needs a listener without one.</exception>
    internal static uint Parse(IEnumerable<string> names, bool notifies)
    {
        uint flags = notifies ? NewListener : 0;
        foreach (string name in names)
        {
            flags |= name switch
            {
                "SECCOMP_FILTER_FLAG_TSYNC" => TSync,
                "SECCOMP_FILTER_FLAG_LOG" => Log,
                "SECCOMP_FILTER_FLAG_SPEC_ALLOW" => SpecAllow,

                // The kernel refuses it without a listener, and without one nobody waits.
                "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" => notifies ? WaitKillableRecv : 0,
                _ => throw new SeccompException("flags", name, "SECCOMP_FILTER_FLAG_ and TSYNC, LOG, SPEC_ALLOW or WAIT_KILLABLE_RECV"),
            };
        }

        // With both, the call could not say whether its result is a listener or a thread that did not follow.
        return (flags & (TSync | NewListener)) == (TSync | NewListener) ? flags | TSyncEsrch : flags;
    }
}
