// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Mounts;

namespace Gantry.Runtime.Rootfs;

/// <summary>A container's root file system: an overlay mount that is attached nowhere until the container starts.</summary>
/// <remarks>
/// Whoever holds <see cref="Root"/> can look inside with openat2; the host's mount table never shows it. It vanishes with
/// the last descriptor and the container's mount namespace. Needs <c>lowerdir+</c> (Linux 6.7).
/// </remarks>
public sealed class OverlayRootfs : IDisposable
{
    /// <summary>Layers that one overlay mount takes (fs/overlayfs/params.h, OVL_MAX_STACK).</summary>
    public const int MaxLayers = 500;

    private OverlayRootfs(RootDirectory root) => Root = root;

    /// <summary>The mount. Its own descriptor keeps it: closing that one unmounts it, whoever else has opened the directory.</summary>
    public RootDirectory Root { get; }

    /// <summary>Mounts layers as one tree.</summary>
    /// <param name="lower">Absolute directories, topmost first, 1 to <see cref="MaxLayers"/>.</param>
    /// <param name="upper">Absolute directory that takes the changes.</param>
    /// <param name="work">Empty directory on the file system of <paramref name="upper"/>.</param>
    /// <exception cref="SyscallException">The kernel refused; the message carries overlayfs' own reason.</exception>
    public static OverlayRootfs Mount(IReadOnlyList<string> lower, string upper, string work)
    {
        ArgumentOutOfRangeException.ThrowIfZero(lower.Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lower.Count, MaxLayers);
        using FileSystemContext overlay = new("overlay");
        foreach (string layer in lower)
        {
            overlay.Set("lowerdir+", layer);
        }

        overlay.Set("upperdir", upper);
        overlay.Set("workdir", work);
        return new OverlayRootfs(new RootDirectory(overlay.Mount(MountAttributes.None)));
    }

    public void Dispose() => Root.Dispose();
}
