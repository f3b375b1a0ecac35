// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Files;

namespace Gantry.Runtime.Rootfs;

/// <summary>Where a mount goes: an open place, or a path below a mount that the child makes itself.</summary>
/// <param name="Place">O_PATH descriptor of the mount point; <see langword="null"/> when only the child can open it.</param>
/// <param name="Parent">The mount that the child makes, when <paramref name="Place"/> is <see langword="null"/>.</param>
/// <param name="Path">Path below <paramref name="Parent"/>, without a leading slash; empty: its root.</param>
internal sealed record MountTarget(OwnedFd? Place, PlannedMount? Parent, string Path);

/// <summary>What the child does at a place.</summary>
internal enum MountAction
{
    /// <summary>Attach <see cref="PlannedMount.Tree"/>, which is ready.</summary>
    Attach,

    /// <summary>Make the file system, which depends on the child's namespaces, and attach it.</summary>
    Make,

    /// <summary>Bind the place on itself, read-only.</summary>
    Protect,
}

/// <summary>One mount of a container, resolved: no path that the image controls is walked again.</summary>
internal sealed class PlannedMount : IDisposable
{
    public required MountAction Action { get; init; }

    /// <summary>Canonical path in the container.</summary>
    public required string Destination { get; init; }

    public required MountTarget Target { get; init; }

    /// <summary>For <see cref="MountAction.Attach"/>: the detached mount.</summary>
    public RootDirectory? Tree { get; init; }

    /// <summary>For <see cref="MountAction.Make"/>: proc, sysfs or mqueue.</summary>
    public string FileSystem { get; init; } = "";

    public MountOptions? Options { get; init; }

    /// <summary>The place may be missing when the child gets there (a masked file of another kernel).</summary>
    public bool MayBeMissing { get; init; }

    public void Dispose()
    {
        Tree?.Dispose();
        Target.Place?.Dispose();
    }
}
