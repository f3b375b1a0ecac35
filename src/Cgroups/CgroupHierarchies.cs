// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Cgroups;

/// <summary>The control group file systems of this node. Made once per process.</summary>
public sealed class CgroupHierarchies : IDisposable
{
    private CgroupHierarchies(CgroupLayout layout) => Layout = layout;

    public CgroupLayout Layout { get; }

    /// <summary>Finds them in <c>/proc/self/mountinfo</c>.</summary>
    /// <exception cref="CgroupException">None is mounted.</exception>
    public static CgroupHierarchies Detect() => throw new NotImplementedException();

    public void Dispose()
    {
    }
}
