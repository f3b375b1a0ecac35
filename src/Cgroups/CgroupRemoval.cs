// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Cgroups;

/// <summary>Takes a cgroup away.</summary>
internal static class CgroupRemoval
{
    internal static void Remove(CgroupHierarchies hierarchies, string path, TimeSpan timeout)
    {
        string[] names = CgroupPath.Split(path);
        if (TryRemove(hierarchies, names))
        {
            return; // nobody was inside, as after a container's end
        }

        Deadline deadline = new(timeout);
        using (Cgroup? cgroup = Cgroup.TryOpen(hierarchies, path))
        {
            cgroup?.KillAll(timeout);
        }

        // A process that has just ended may hold its group a moment longer; nothing announces when it lets go.
        SpinWait pause = default;
        while (!TryRemove(hierarchies, names))
        {
            if (deadline.IsOver)
            {
                throw new TimeoutException($"cgroup '{path}' was not removed within {timeout.TotalSeconds:0.###} s: it is still in use");
            }

            pause.SpinOnce();
        }
    }

    private static bool TryRemove(CgroupHierarchies hierarchies, string[] names)
    {
        bool gone = true;
        foreach (V1Hierarchy hierarchy in hierarchies.V1)
        {
            gone &= CgroupTree.TryRemove(hierarchy.Root, names);
        }

        return (hierarchies.UnifiedRoot is null || CgroupTree.TryRemove(hierarchies.UnifiedRoot, names)) && gone;
    }
}
