// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop.Control;

namespace Gantry.Cgroups;

/// <summary>How often the kernel killed for memory.</summary>
internal static class OomCounter
{
    private const int MaxDepth = 128;

    /// <remarks>
    /// v2 counts descendants in <c>memory.events</c>, unless cgroup2 is mounted with <c>memory_localevents</c>; v1 counts
    /// each group for itself. Reading both ways would count twice, so on v2 the mount's own way is taken as it is.
    /// </remarks>
    internal static ulong Read(Cgroup cgroup)
    {
        ControlDirectory? directory = cgroup.DirectoryOf("memory");
        return directory is null ? 0
            : cgroup.Layout == CgroupLayout.Unified ? ReadV2(directory)
            : SumV1(directory, 0);
    }

    private static ulong ReadV2(ControlDirectory directory) =>
        KeyedFile.Find(directory.TryRead("memory.events"), "oom_kill") ?? 0;

    private static ulong SumV1(ControlDirectory directory, int depth)
    {
        ulong sum = KeyedFile.Find(directory.TryRead("memory.oom_control"), "oom_kill") ?? 0;
        foreach (string name in depth < MaxDepth ? directory.ReadSubdirectories() : [])
        {
            using ControlDirectory? child = directory.TryOpenDirectory(name);
            sum += child is null ? 0 : SumV1(child, depth + 1);
        }

        return sum;
    }
}
