// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Cgroups;

/// <summary>How a node mounts control groups.</summary>
public enum CgroupLayout
{
    /// <summary>Version 1 hierarchies only.</summary>
    Legacy,

    /// <summary>Controllers in version 1 hierarchies, and a cgroup2 mount without them.</summary>
    Hybrid,

    /// <summary>Version 2 only.</summary>
    Unified,
}
