// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Control;

namespace Gantry.Cgroups;

/// <summary>Stops and resumes all processes of a cgroup.</summary>
internal static class Freezer
{
    private const int WritesBeforeThaw = 50;

    internal static void Freeze(Cgroup cgroup, TimeSpan timeout)
    {
        bool frozen = false;
        try
        {
            frozen = cgroup.DirectoryOf("freezer") is { } directory && cgroup.Layout != CgroupLayout.Unified
                ? FreezeV1(directory, new Deadline(timeout))
                : FreezeV2(cgroup, timeout);
        }
        finally
        {
            if (!frozen)
            {
                // A group left half frozen can neither be used nor killed on v1.
                Thaw(cgroup);
            }
        }

        if (!frozen)
        {
            throw new TimeoutException($"cgroup '{cgroup.Path}' was not frozen within {timeout.TotalSeconds:0.###} s; it runs again");
        }
    }

    internal static void Thaw(Cgroup cgroup)
    {
        Allow(cgroup.Layout == CgroupLayout.Unified ? null : cgroup.DirectoryOf("freezer"), "freezer.state", "THAWED");
        Allow(cgroup.Unified, "cgroup.freeze", "0");
    }

    // The v1 freezer misses processes that are forked meanwhile and stays at FREEZING until it is asked again; letting
    // everything run for a moment helps when it is stuck (what runc found out over the years).
    private static bool FreezeV1(ControlDirectory directory, Deadline deadline)
    {
        SpinWait pause = default;
        for (int i = 1; !deadline.IsOver; i++)
        {
            directory.Write("freezer.state", "FROZEN");
            if (directory.Read("freezer.state").Trim() == "FROZEN")
            {
                return true;
            }

            if (i % WritesBeforeThaw == 0)
            {
                directory.Write("freezer.state", "THAWED");
            }

            pause.SpinOnce();
        }

        return false;
    }

    private static bool FreezeV2(Cgroup cgroup, TimeSpan timeout)
    {
        ControlDirectory directory = cgroup.Unified
            ?? throw new CgroupException("freezer", cgroup.Path, "this node mounts neither a freezer nor cgroup2");
        directory.Write("cgroup.freeze", "1");
        return directory.WaitFor("cgroup.events", text => KeyedFile.Find(text, "frozen") == 1, timeout);
    }

    private static void Allow(ControlDirectory? directory, string file, string value)
    {
        Errno errno = directory?.TryWrite(file, value) ?? Errno.None;
        if (errno != Errno.None && !ControlDirectory.IsGone(errno))
        {
            throw new SyscallException("write", $"{directory!.Path}/{file}", errno);
        }
    }
}
