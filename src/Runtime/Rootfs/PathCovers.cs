// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Mounts;
using Gantry.Runtime.Launch;

namespace Gantry.Runtime.Rootfs;

/// <summary>Hides <c>linux.maskedPaths</c> and write-protects <c>linux.readonlyPaths</c>.</summary>
/// <remarks>
/// A masked file gets the host's own /dev/null, opened and checked here: never the container's, which could be a link
/// (CVE-2025-31133). A masked directory gets an empty read-only tmpfs. What does not exist needs no cover.
/// </remarks>
internal static class PathCovers
{
    private static readonly DeviceNumber s_null = new(1, 3);

    internal static void Add(MountPlan plan, IReadOnlyList<string> masked, IReadOnlyList<string> readOnly)
    {
        foreach (string path in readOnly)
        {
            if (Find(plan, path) is var (target, canonical, _))
            {
                plan.Add(new PlannedMount { Action = MountAction.Protect, Destination = canonical, Target = target, MayBeMissing = true });
            }
        }

        foreach (string path in masked)
        {
            if (Find(plan, path) is var (target, canonical, directory))
            {
                RootDirectory cover = new(directory ? Sources.EmptyDirectory() : NullDevice());
                plan.Add(new PlannedMount { Action = MountAction.Attach, Destination = canonical, Target = target, Tree = cover, MayBeMissing = true });
            }
        }
    }

    private static (MountTarget Target, string Canonical, bool Directory)? Find(MountPlan plan, string path)
    {
        if (!path.StartsWith('/'))
        {
            throw LaunchException.Field("linux.maskedPaths or readonlyPaths", path, "an absolute path");
        }

        if (plan.LocateExisting(path) is not var (target, canonical))
        {
            return null;
        }

        if (target.Place is not null)
        {
            return (target, canonical, OpenFile.Status(target.Place).Type == FileType.Directory);
        }

        // The child's proc and sysfs are those of this kernel: the host's own show what is a file and what a directory.
        string host = target.Parent!.FileSystem switch { "proc" => "/proc/", "sysfs" => "/sys/", _ => "" };
        if (host.Length == 0 || target.Path.Length == 0)
        {
            return null;
        }

        using RootDirectory view = RootDirectory.Open(host);
        return view.Status(target.Path) is FileStatus status ? (target, canonical, status.Type == FileType.Directory) : null;
    }

    private static OwnedFd NullDevice()
    {
        OwnedFd tree = MountApi.CloneTree(null, "/dev/null", recursive: false);
        FileStatus status = OpenFile.Status(tree);
        if (status.Type != FileType.CharacterDevice || status.NodeDevice != s_null)
        {
            tree.Dispose();
            throw new LaunchException("host: /dev/null: not the null device (character 1:3), so nothing can be masked with it", 128);
        }

        return tree;
    }
}
