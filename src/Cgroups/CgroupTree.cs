// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Control;

namespace Gantry.Cgroups;

/// <summary>Makes and removes directories of cgroups.</summary>
internal static class CgroupTree
{
    /// <summary>cgroup v2 allows any depth; whatever is deeper than this was not made by a container engine.</summary>
    private const int MaxDepth = 128;

    /// <summary>A level that was made or found on the way down.</summary>
    internal delegate void Descend(ControlDirectory parent, ControlDirectory child);

    /// <summary>Makes every missing name along a path.</summary>
    /// <param name="onParent">Called with each directory before a name is made in it.</param>
    /// <param name="onChild">Called with each directory on the path once it exists.</param>
    /// <param name="undo">Receives, in the order of making, how to remove what was made.</param>
    internal static ControlDirectory MakePath(
        ControlDirectory root, string[] names, Action<ControlDirectory>? onParent, Descend? onChild, Stack<Action> undo)
    {
        string path = "";
        ControlDirectory parent = root;
        try
        {
            foreach (string name in names)
            {
                onParent?.Invoke(parent);
                string parentPath = path;
                path = path.Length == 0 ? name : $"{path}/{name}";
                if (parent.MakeDirectory(name))
                {
                    undo.Push(() => RemoveMade(root, parentPath, name));
                }

                ControlDirectory child = root.TryOpenDirectory(path)
                    ?? throw new SyscallException("openat2", $"{root.Path}/{path}", Errno.ENOENT);
                Replace(ref parent, child, root, onChild);
            }

            return parent;
        }
        catch
        {
            DisposeUnlessRoot(parent, root);
            throw;
        }
    }

    /// <summary>Removes a cgroup and all below it, the deepest first. A cgroup with processes stays.</summary>
    /// <returns><see langword="true"/>: it is gone.</returns>
    internal static bool TryRemove(ControlDirectory root, string[] names)
    {
        string parentPath = string.Join('/', names[..^1]);
        using ControlDirectory? opened = parentPath.Length == 0 ? null : root.TryOpenDirectory(parentPath);
        if (parentPath.Length > 0 && opened is null)
        {
            return true;
        }

        return TryRemoveName(opened ?? root, names[^1], 0);
    }

    private static bool TryRemoveName(ControlDirectory parent, string name, int depth)
    {
        Errno errno = parent.TryRemoveDirectory(name);
        if (errno is Errno.EBUSY or Errno.ENOTEMPTY && depth < MaxDepth)
        {
            using ControlDirectory? directory = parent.TryOpenDirectory(name);
            if (directory is null)
            {
                return true;
            }

            bool emptied = false;
            foreach (string child in directory.ReadSubdirectories())
            {
                emptied |= TryRemoveName(directory, child, depth + 1);
            }

            errno = emptied ? parent.TryRemoveDirectory(name) : errno;
        }

        return errno switch
        {
            Errno.None => true,
            Errno.EBUSY or Errno.ENOTEMPTY => false,
            _ when ControlDirectory.IsGone(errno) => true,
            _ => throw new SyscallException("rmdir", $"{parent.Path}/{name}", errno),
        };
    }

    private static void RemoveMade(ControlDirectory root, string parentPath, string name)
    {
        using ControlDirectory? parent = parentPath.Length == 0 ? null : root.TryOpenDirectory(parentPath);
        if (parentPath.Length == 0 || parent is not null)
        {
            // EBUSY: somebody has moved in meanwhile, so it is no longer only ours.
            (parent ?? root).TryRemoveDirectory(name);
        }
    }

    private static void Replace(ref ControlDirectory parent, ControlDirectory child, ControlDirectory root, Descend? onChild)
    {
        ControlDirectory left = parent;
        parent = child;
        try
        {
            onChild?.Invoke(left, child);
        }
        finally
        {
            DisposeUnlessRoot(left, root);
        }
    }

    private static void DisposeUnlessRoot(ControlDirectory directory, ControlDirectory root)
    {
        if (!ReferenceEquals(directory, root))
        {
            directory.Dispose();
        }
    }
}
