// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Runtime.Launch;

namespace Gantry.Runtime.Rootfs;

/// <summary>Finds out on which of the planned mounts a path of the container lies.</summary>
/// <remarks>
/// The mounts are not attached to each other yet, so the walk goes from tree to tree: as long as the path, without
/// its links, turns out to lie below another planned mount, it goes on inside that one.
/// </remarks>
internal static class MountLocator
{
    private const int MaxSteps = 40;

    /// <summary>A tree and a path in it.</summary>
    internal readonly record struct Inside(RootDirectory Root, string Path);

    /// <param name="open">Opens or makes the path; <see langword="null"/>: it is not there.</param>
    internal static (MountTarget Target, string Canonical)? Locate(
        RootDirectory rootfs, IReadOnlyList<PlannedMount> mounts, string path, Func<Inside, OwnedFd?> open)
    {
        string current = Clean(path);
        int above = -1;
        for (int step = 0; step < MaxSteps; step++)
        {
            int index = Covering(mounts, current, above);
            PlannedMount? mount = index < 0 ? null : mounts[index];
            string rest = mount is null ? current : current[mount.Destination.Length..];
            if (mount is { Tree: null })
            {
                return (new MountTarget(null, mount, rest.TrimStart('/')), current);
            }

            RootDirectory tree = mount?.Tree ?? rootfs;
            bool file = IsFile(tree);
            OwnedFd? place = file ? OpenFile.Reopen(tree.Handle, OpenFlags.O_PATH) : open(new Inside(tree, rest.Length == 0 ? "/" : rest));
            if (place is null)
            {
                return null;
            }

            string inner = file ? "/" : tree.CanonicalPath(place);
            string canonical = mount is null ? inner : inner == "/" ? mount.Destination : mount.Destination + inner;
            int next = Covering(mounts, canonical, -1);
            if (next == index || (mount is not null && next < index))
            {
                return (new MountTarget(place, null, ""), canonical);
            }

            place.Dispose();
            (current, above) = (canonical, -1);
        }

        throw LaunchException.Field("mounts.destination", path, "a path that ends after at most 40 links through other mounts");
    }

    /// <summary>The last planned mount at or above a path.</summary>
    private static int Covering(IReadOnlyList<PlannedMount> mounts, string path, int above)
    {
        for (int i = mounts.Count - 1; i > above; i--)
        {
            string destination = mounts[i].Destination;
            bool covers = mounts[i].Action != MountAction.Protect && path.StartsWith(destination, StringComparison.Ordinal)
                && (path.Length == destination.Length || path[destination.Length] == '/');
            if (covers)
            {
                return i;
            }
        }

        return -1;
    }

    private static bool IsFile(RootDirectory tree) => OpenFile.Status(tree.Handle).Type != FileType.Directory;

    /// <summary>Text only: no doubled slashes, no <c>.</c>; <c>..</c> is left to the kernel's walk.</summary>
    private static string Clean(string path)
    {
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts.Contains("..", StringComparer.Ordinal)
            ? throw LaunchException.Field("mounts.destination", path, "a path without ..")
            : "/" + string.Join('/', parts.Where(static part => part != "."));
    }
}
