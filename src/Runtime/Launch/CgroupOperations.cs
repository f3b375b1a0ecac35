// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Cgroups;
using Gantry.Interop;
using Gantry.Interop.Spawn;

namespace Gantry.Runtime.Launch;

/// <summary>Puts the child into its cgroup before it does anything else.</summary>
internal static class CgroupOperations
{
    /// <returns>Directory for CLONE_INTO_CGROUP, or <see langword="null"/>.</returns>
    internal static SafeHandle? Append(SyscallList list, Cgroup? cgroup, Func<CgroupJoin, CgroupJoin> own)
    {
        if (cgroup is null)
        {
            return null;
        }

        CgroupJoin join = own(cgroup.OpenJoin());
        foreach (OwnedFd tasks in join.TaskFiles)
        {
            list.Write(list.Fd(tasks), "0"u8, $"tasks of {cgroup.Path}");
        }

        return join.Unified;
    }
}
