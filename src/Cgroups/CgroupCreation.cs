// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Control;

namespace Gantry.Cgroups;

/// <summary>How a cgroup comes into being in each kind of hierarchy.</summary>
internal static class CgroupCreation
{
    private static readonly string[] s_cpusetFiles = ["cpuset.cpus", "cpuset.mems"];

    /// <summary>A process may only enter a v1 cpuset with CPUs and memory nodes: a new one takes those of its parent.</summary>
    internal static ControlDirectory MakeV1(V1Hierarchy hierarchy, string[] names, Stack<Action> undo) =>
        CgroupTree.MakePath(
            hierarchy.Root, names, null, hierarchy.Controllers.Contains("cpuset") ? InheritCpuset : null, undo);

    /// <summary>Controllers reach a v2 cgroup when every group above it passes them on.</summary>
    internal static ControlDirectory MakeV2(ControlDirectory root, string[] names, Stack<Action> undo) =>
        CgroupTree.MakePath(root, names, PassControllersOn, null, undo);

    private static void InheritCpuset(ControlDirectory parent, ControlDirectory child)
    {
        foreach (string file in s_cpusetFiles)
        {
            if (string.IsNullOrWhiteSpace(child.Read(file)))
            {
                child.Write(file, parent.Read(file).Trim());
            }
        }
    }

    // One controller that cannot be passed on (real-time tasks in cpu, a group with processes of its own) must not keep
    // the others back; a limit that needs it fails later and names it.
    private static void PassControllersOn(ControlDirectory parent)
    {
        HashSet<string> missing = Words(parent.Read("cgroup.controllers"));
        missing.ExceptWith(Words(parent.Read("cgroup.subtree_control")));
        if (missing.Count == 0 || parent.TryWrite("cgroup.subtree_control", string.Join(' ', missing.Select(c => $"+{c}"))) == Errno.None)
        {
            return;
        }

        foreach (string controller in missing)
        {
            parent.TryWrite("cgroup.subtree_control", $"+{controller}");
        }
    }

    private static HashSet<string> Words(string text) =>
        text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).ToHashSet();
}
