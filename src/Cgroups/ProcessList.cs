// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Gantry.Interop.Control;

namespace Gantry.Cgroups;

/// <summary>Who is in a cgroup.</summary>
internal static class ProcessList
{
    private const int MaxDepth = 128;

    /// <summary>In any hierarchy: a process that joined only some of them belongs here too.</summary>
    internal static IReadOnlyList<int> Read(Cgroup cgroup)
    {
        SortedSet<int> pids = [];
        foreach (V1Group group in cgroup.V1)
        {
            Collect(group.Directory, pids, 0);
        }

        if (cgroup.Unified is { } unified)
        {
            Collect(unified, pids, 0);
        }

        return [.. pids];
    }

    private static void Collect(ControlDirectory directory, SortedSet<int> pids, int depth)
    {
        foreach (ReadOnlySpan<char> line in (directory.TryRead("cgroup.procs") ?? "").AsSpan().EnumerateLines())
        {
            // 0: a process outside of our PID namespace.
            if (int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out int pid) && pid > 0)
            {
                pids.Add(pid);
            }
        }

        foreach (string name in depth < MaxDepth ? directory.ReadSubdirectories() : [])
        {
            using ControlDirectory? child = directory.TryOpenDirectory(name);
            if (child is not null)
            {
                Collect(child, pids, depth + 1);
            }
        }
    }
}
