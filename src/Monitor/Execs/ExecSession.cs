// SPDX-License-Identifier: Apache-2.0
using Gantry.Cgroups;
using Gantry.Interop.Processes;

namespace Gantry.Monitor.Execs;

/// <summary>What an exec started, on nodes without cgroup v2: every process of the container in the session that the exec began.</summary>
internal static class ExecSession
{
    private const int MaxRounds = 10;

    internal static void Kill(Cgroup container, int leader)
    {
        for (int round = 0; round < MaxRounds; round++)
        {
            bool any = false;
            foreach (int pid in container.ReadProcesses())
            {
                if (ProcessStat.TryRead(pid) is { State: not 'Z' } stat && stat.Session == leader)
                {
                    any |= ProcessSignals.Kill(pid, Signal.SIGKILL);
                }
            }

            if (!any)
            {
                return;
            }
        }
    }
}
