// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Control;
using Gantry.Interop.Processes;

namespace Gantry.Cgroups;

/// <summary>Ends every process of a cgroup.</summary>
internal static class CgroupKill
{
    private static readonly TimeSpan s_freeze = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_round = TimeSpan.FromMilliseconds(50);

    internal static void Run(Cgroup cgroup, TimeSpan timeout)
    {
        Deadline deadline = new(timeout);
        try
        {
            bool atOnce = cgroup.Unified?.TryWrite("cgroup.kill", "1") == Errno.None; // Linux 5.14
            Freezer.Thaw(cgroup); // v1: a frozen process does not die
            if (atOnce && cgroup.V1.Count == 0)
            {
                WaitUntilEmpty(cgroup, deadline.Left);
                return;
            }

            if (atOnce)
            {
                WaitUntilEmpty(cgroup, deadline.Left, mustSucceed: false);
            }

            KillOneByOne(cgroup, deadline);
        }
        finally
        {
            Freezer.Thaw(cgroup);
        }
    }

    /// <summary>Waits until v2 says that no process is left.</summary>
    private static void WaitUntilEmpty(Cgroup cgroup, TimeSpan timeout, bool mustSucceed = true)
    {
        if (!cgroup.Unified!.WaitFor("cgroup.events", text => KeyedFile.Find(text, "populated") != 1, timeout) && mustSucceed)
        {
            throw StillAlive(cgroup);
        }
    }

    private static void KillOneByOne(Cgroup cgroup, Deadline deadline)
    {
        IReadOnlyList<int> pids = ProcessList.Read(cgroup);
        while (pids.Count > 0)
        {
            if (deadline.IsOver)
            {
                throw StillAlive(cgroup);
            }

            KillRound(cgroup);
            WaitForProgress(pids, deadline);
            pids = ProcessList.Read(cgroup);
        }
    }

    // Frozen processes neither fork nor end, so that no pid in the list can come to mean another process.
    private static void KillRound(Cgroup cgroup)
    {
        bool frozen = TryFreeze(cgroup);
        try
        {
            List<OwnedFd> handles = [];
            try
            {
                IReadOnlyList<int> listed = ProcessList.Read(cgroup);
                listed.ToList().ForEach(pid => TryAdd(handles, pid));
                if (!frozen && !listed.SequenceEqual(ProcessList.Read(cgroup)))
                {
                    return; // it moves still: a handle may point at a stranger; next round
                }

                handles.ForEach(handle => Pidfd.SendSignal(handle, Signal.SIGKILL));
            }
            finally
            {
                handles.ForEach(handle => handle.Dispose());
            }
        }
        finally
        {
            Freezer.Thaw(cgroup);
        }
    }

    private static bool TryFreeze(Cgroup cgroup)
    {
        try
        {
            Freezer.Freeze(cgroup, s_freeze);
            return true;
        }
        catch (Exception e) when (e is TimeoutException or SyscallException or CgroupException)
        {
            return false; // pids are checked against reuse instead
        }
    }

    private static void TryAdd(List<OwnedFd> handles, int pid)
    {
        try
        {
            handles.Add(Pidfd.Open(pid));
        }
        catch (SyscallException e) when (e.Errno is Errno.ESRCH or Errno.EINVAL)
        {
            // ended meanwhile
        }
    }

    private static void WaitForProgress(IReadOnlyList<int> pids, Deadline deadline)
    {
        TimeSpan left = deadline.Left < s_round ? deadline.Left : s_round;
        try
        {
            using OwnedFd one = Pidfd.Open(pids[0]);
            Pidfd.WaitForExit(one, left);
        }
        catch (SyscallException e) when (e.Errno is Errno.ESRCH or Errno.EINVAL)
        {
            // that one has ended
        }
    }

    private static TimeoutException StillAlive(Cgroup cgroup) =>
        new($"processes of cgroup '{cgroup.Path}' still live: {string.Join(' ', ProcessList.Read(cgroup).Take(16))}");
}
