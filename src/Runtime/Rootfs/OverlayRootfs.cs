// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Mounts;
using Gantry.Interop.Spawn;

namespace Gantry.Runtime.Rootfs;

/// <summary>A container's root file system: an overlay mount that is attached nowhere until the container starts.</summary>
/// <remarks>
/// Whoever holds <see cref="Root"/> can look inside with openat2; the host's mount table never shows it. It vanishes with
/// the last descriptor and the container's mount namespace. Uses <c>lowerdir+</c> (Linux 6.7) where the kernel has it.
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
        try
        {
            overlay.Set("lowerdir+", lower[0]);
        }
        catch (SyscallException e) when (e.Errno == Errno.EINVAL)
        {
            return MountByOptions(lower, upper, work);
        }

        foreach (string layer in lower.Skip(1))
        {
            overlay.Set("lowerdir+", layer);
        }

        overlay.Set("upperdir", upper);
        overlay.Set("workdir", work);
        return new OverlayRootfs(new RootDirectory(overlay.Mount(MountAttributes.None)));
    }

    /// <summary>As <see cref="Mount"/> for kernels before 6.7: mount(2) in a namespace that is gone at once, then a detached copy.</summary>
    /// <remarks>All paths must fit a page of options, about 40 layers.</remarks>
    internal static OverlayRootfs MountByOptions(IReadOnlyList<string> lower, string upper, string work)
    {
        string layers = string.Join(':', lower.Select(static path => path.Replace(":", "\\:", StringComparison.Ordinal)));
        return new OverlayRootfs(new RootDirectory(ThrowawayThread.Run(() =>
        {
            ThreadNamespaces.Unshare(CloneFlags.CLONE_FS | CloneFlags.CLONE_NEWNS);
            using OwnedFd root = Openat2.Open(null, "/", OpenFlags.O_PATH | OpenFlags.O_DIRECTORY, ResolveFlags.None);
            MountApi.SetAttributes(root, new MountAttr { Propagation = (ulong)MountPropagation.Private }, recursive: true, "/");
            MountApi.MountAt("overlay", upper, $"lowerdir={layers},upperdir={upper},workdir={work}");
            return MountApi.CloneTree(null, upper, recursive: false);
        })));
    }

    public void Dispose() => Root.Dispose();
}
