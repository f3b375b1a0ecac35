// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop.Control;

namespace Gantry.Cgroups;

/// <summary>The control group file systems of this node. Made once per process; owns a descriptor of each mount.</summary>
public sealed class CgroupHierarchies : IDisposable
{
    private readonly List<V1Hierarchy> _v1;

    private CgroupHierarchies(CgroupLayout layout, ProcessCgroups own, List<V1Hierarchy> v1, ControlDirectory? unified)
    {
        Layout = layout;
        Own = own;
        _v1 = v1;
        UnifiedRoot = unified;
    }

    public CgroupLayout Layout { get; }

    /// <summary>Where this process is.</summary>
    public ProcessCgroups Own { get; }

    /// <summary>Controllers that limits can be set with: of v1, or those at the root of v2.</summary>
    public IReadOnlySet<string> Controllers =>
        Layout == CgroupLayout.Unified
            ? UnifiedRoot!.Read("cgroup.controllers").Split(' ', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToHashSet()
            : _v1.SelectMany(h => h.Controllers).ToHashSet();

    /// <summary>The node counts swap (v1: <c>memory.memsw.*</c>; v2: the kernel has swap at all).</summary>
    public bool CountsSwap =>
        Layout == CgroupLayout.Unified
            ? File.Exists("/proc/swaps")
            : _v1.Find(h => h.Controllers.Contains("memory"))?.Root.TryRead("memory.memsw.limit_in_bytes") is not null;

    internal IReadOnlyList<V1Hierarchy> V1 => _v1;

    /// <summary>Root of the v2 hierarchy; absent in the legacy layout.</summary>
    internal ControlDirectory? UnifiedRoot { get; }

    /// <summary>Finds them in <c>/proc/self/mountinfo</c>.</summary>
    /// <exception cref="CgroupException">None is mounted.</exception>
    public static CgroupHierarchies Detect()
    {
        using ControlDirectory self = ControlDirectory.Open("/proc/self");
        return Open(self.Read("mountinfo"), ProcessCgroups.Parse(self.TryRead("cgroup") ?? ""));
    }

    public void Dispose()
    {
        _v1.ForEach(h => h.Root.Dispose());
        UnifiedRoot?.Dispose();
    }

    /// <summary>Opens what a mount table names.</summary>
    internal static CgroupHierarchies Open(string mountinfo, ProcessCgroups own)
    {
        IReadOnlyList<MountedHierarchy> mounted = MountedHierarchy.Select(MountInfo.Parse(mountinfo));
        CgroupLayout layout = MountedHierarchy.Layout(mounted)
            ?? throw new CgroupException("/proc/self/mountinfo", "no cgroup mount", "mount cgroup2 on /sys/fs/cgroup");
        List<V1Hierarchy> v1 = [];
        ControlDirectory? unified = null;
        try
        {
            foreach (MountedHierarchy hierarchy in mounted)
            {
                if (hierarchy.IsV2)
                {
                    unified ??= ControlDirectory.Open(hierarchy.MountPoint);
                }
                else if (hierarchy.Controllers.Count > 0 || hierarchy.Name is not null)
                {
                    v1.Add(new V1Hierarchy(ControlDirectory.Open(hierarchy.MountPoint), hierarchy.Controllers, hierarchy.Name));
                }
            }

            return new CgroupHierarchies(layout, own, v1, unified);
        }
        catch
        {
            v1.ForEach(h => h.Root.Dispose());
            unified?.Dispose();
            throw;
        }
    }
}

/// <summary>An open v1 hierarchy.</summary>
internal sealed record V1Hierarchy(ControlDirectory Root, IReadOnlySet<string> Controllers, string? Name);
