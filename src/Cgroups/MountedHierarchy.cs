// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Cgroups;

/// <summary>A mounted hierarchy as the mount table describes it.</summary>
/// <param name="MountPoint">Absolute path.</param>
/// <param name="Root">What of the hierarchy is mounted there.</param>
/// <param name="Controllers">Kernel controllers of a v1 hierarchy; empty for v2 and for named ones.</param>
/// <param name="Name">Of a named v1 hierarchy: <c>systemd</c>.</param>
public sealed record MountedHierarchy(string MountPoint, string Root, bool IsV2, IReadOnlySet<string> Controllers, string? Name)
{
    private const string NameOption = "name=";

    private static readonly HashSet<string> s_controllers =
    [
        "cpuset", "cpu", "cpuacct", "blkio", "memory", "devices", "freezer", "net_cls", "perf_event", "net_prio", "hugetlb",
        "pids", "rdma", "misc", "debug",
    ];

    /// <summary>The hierarchies among some mounts: each once, at the place where it was mounted first.</summary>
    public static IReadOnlyList<MountedHierarchy> Select(IEnumerable<MountInfo> mounts)
    {
        List<MountedHierarchy> found = [];
        HashSet<string> seen = [];
        foreach (MountInfo mount in mounts)
        {
            if (mount.Type is "cgroup" or "cgroup2" && mount.MountPoint.StartsWith('/') && seen.Add(mount.Device))
            {
                found.Add(From(mount));
            }
        }

        return found;
    }

    /// <summary>How these hierarchies belong together.</summary>
    /// <returns><see langword="null"/>: there is nothing that could hold a process.</returns>
    public static CgroupLayout? Layout(IReadOnlyList<MountedHierarchy> hierarchies)
    {
        bool v2 = hierarchies.Any(h => h.IsV2);
        bool v1 = hierarchies.Any(h => h.Controllers.Count > 0);
        return (v1, v2) switch
        {
            (true, true) => CgroupLayout.Hybrid,
            (true, false) => CgroupLayout.Legacy,
            (false, true) => CgroupLayout.Unified,
            _ => null,
        };
    }

    private static MountedHierarchy From(MountInfo mount)
    {
        bool v2 = mount.Type == "cgroup2";
        HashSet<string> controllers = [];
        string? name = null;
        foreach (string option in v2 ? [] : mount.SuperOptions.Split(','))
        {
            if (s_controllers.Contains(option))
            {
                controllers.Add(option);
            }
            else if (option.StartsWith(NameOption, StringComparison.Ordinal))
            {
                name = option[NameOption.Length..];
            }
        }

        return new MountedHierarchy(mount.MountPoint, mount.Root, v2, controllers, name);
    }
}
