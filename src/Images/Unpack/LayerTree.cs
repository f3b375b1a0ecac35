// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop;
using Gantry.Interop.Files;

namespace Gantry.Images.Unpack;

/// <summary>The directories of a layer being unpacked: finds, makes, removes and remembers them.</summary>
internal sealed class LayerTree : IDisposable
{
    private const uint UnfinishedMode = 0b111_000_000;
    private const OpenFlags PathDirectory = OpenFlags.O_PATH | OpenFlags.O_DIRECTORY;
    private const ResolveFlags Inside =
        ResolveFlags.RESOLVE_IN_ROOT | ResolveFlags.RESOLVE_NO_MAGICLINKS | ResolveFlags.RESOLVE_NO_XDEV;

    private readonly OwnedFd _root;
    private readonly DirectoryCache _cache = new();

    internal LayerTree(SafeHandle target)
    {
        _root = OpenFile.Reopen(target, PathDirectory);
        FileStatus status = OpenFile.Status(_root);
        Root = new OpenedDirectory(_root, status.Inode);
        InheritsGroup = status.Gid != 0 || (status.Mode & 0b010_000_000_000) != 0;
    }

    internal OpenedDirectory Root { get; }

    /// <summary>New files do not simply get the process's group.</summary>
    internal bool InheritsGroup { get; }

    internal DirectoryRecords Records { get; } = new();

    /// <summary>Directories got for the entry before are no longer in use.</summary>
    internal void BeginEntry() => _cache.CloseRetired();

    /// <summary>The directory in which the last name of <paramref name="path"/> stands; made if missing.</summary>
    internal OpenedDirectory OpenParent(EntryPath path) => Find(path.Parent) ?? MakeAll(path.Parent);

    /// <returns><see langword="null"/> when there is none.</returns>
    internal OpenedDirectory? FindParent(EntryPath path) => Find(path.Parent);

    /// <summary>Makes the directory of an entry, or takes the one that is there; anything else of that name is removed.</summary>
    /// <param name="parent">Where the last name of <paramref name="path"/> stands.</param>
    internal OpenedDirectory MakeDirectory(OpenedDirectory parent, EntryPath path)
    {
        bool hidden = false;
        Errno errno = At.TryMkdir(parent.Fd, path.Name, UnfinishedMode);
        if (errno == Errno.EEXIST && At.Status(parent.Fd, path.Name) is { Type: not FileType.Directory } existing)
        {
            hidden = Whiteouts.IsWhiteout(existing);
            Remove(parent, path);
            errno = At.TryMkdir(parent.Fd, path.Name, UnfinishedMode);
        }

        Check(errno is Errno.EEXIST ? Errno.None : errno, "mkdirat", path.Last);
        return Enter(parent, path.Terminated, path.Full, hidden);
    }

    /// <summary>Removes what stands under the path's last name, with all that is in it.</summary>
    internal void Remove(OpenedDirectory parent, EntryPath path)
    {
        Errno errno = At.TryStatus(parent.Fd, path.Name, out FileStatus existing);
        Check(errno, "statx", path.Last);
        if (existing.Type == FileType.Directory)
        {
            Records.Forget(existing.Inode);
            TreeRemoval.Remove(parent.Fd, path.Name, CancellationToken.None);
        }
        else
        {
            Check(At.TryUnlink(parent.Fd, path.Name), "unlinkat", path.Last);
        }

        if (existing.Type is FileType.Directory or FileType.SymbolicLink)
        {
            _cache.Clear();
        }
    }

    /// <summary>Gives all directories their owners, modes and times.</summary>
    internal void Finish(CancellationToken cancellationToken) => Records.Apply(_root, Root.Inode, cancellationToken);

    public void Dispose()
    {
        _cache.Dispose();
        _root.Dispose();
    }

    private static void Check(Errno errno, string call, ReadOnlySpan<byte> name)
    {
        if (errno != Errno.None)
        {
            throw new SyscallException(call, EntryText.Show(name), errno);
        }
    }

    /// <summary>Resolves a path inside the layer; links that the archive made are followed, never out.</summary>
    private OpenedDirectory? Find(ReadOnlySpan<byte> path)
    {
        if (path.IsEmpty)
        {
            return Root;
        }

        if (_cache.Find(path) is OpenedDirectory known)
        {
            return known;
        }

        byte[] terminated = [.. path, 0];
        OwnedFd? fd = Openat2.TryOpen(_root, KernelText.FromTerminated(terminated), PathDirectory, Inside, out Errno errno);
        if (fd is null)
        {
            return errno is Errno.ENOENT or Errno.ENOTDIR ? null : throw new SyscallException("openat2", EntryText.Show(path), errno);
        }

        return Remember(path, fd);
    }

    private OpenedDirectory MakeAll(ReadOnlySpan<byte> path)
    {
        // The longest part that is there, then name by name what is missing.
        int end = path.Length;
        OpenedDirectory? found = null;
        while (found is null)
        {
            end = Math.Max(0, path[..end].LastIndexOf((byte)'/'));
            found = Find(path[..end]);
        }

        while (end < path.Length)
        {
            int start = end == 0 ? 0 : end + 1;
            int slash = path[start..].IndexOf((byte)'/');
            end = slash < 0 ? path.Length : start + slash;
            found = MakeImplicit(found, path[start..end], path[..end]);
        }

        return found;
    }

    /// <summary>A directory that the archive lacks: 0755, root's.</summary>
    private OpenedDirectory MakeImplicit(OpenedDirectory parent, ReadOnlySpan<byte> name, ReadOnlySpan<byte> path)
    {
        byte[] terminated = [.. name, 0];
        KernelText text = KernelText.FromTerminated(terminated);
        bool hidden = false;
        Errno errno = At.TryMkdir(parent.Fd, text, UnfinishedMode);
        if (errno == Errno.EEXIST)
        {
            hidden = Whiteouts.IsWhiteout(At.Status(parent.Fd, text));
            if (!hidden)
            {
                throw new LayerException(
                    $"layer entry below \"{EntryText.Show(path)}\": that is no directory, nor a link to one in this layer");
            }

            Check(At.TryUnlink(parent.Fd, text), "unlinkat", name);
            errno = At.TryMkdir(parent.Fd, text, UnfinishedMode);
        }

        Check(errno, "mkdirat", name);
        OpenedDirectory directory = Enter(parent, terminated, path, hidden);
        Records.Set(directory.Inode, parent.Inode, terminated, DirectoryRecords.Implicit);
        return directory;
    }

    private OpenedDirectory Enter(OpenedDirectory parent, ReadOnlySpan<byte> terminated, ReadOnlySpan<byte> path, bool hidden)
    {
        KernelText name = KernelText.FromTerminated(terminated);
        OwnedFd? fd = At.TryOpen(parent.Fd, name, PathDirectory, 0, out Errno errno);
        Check(errno, "openat", name.Bytes);
        OpenedDirectory directory = Remember(path, fd!);
        if (hidden)
        {
            Whiteouts.MakeOpaque(directory);
        }

        return directory;
    }

    private OpenedDirectory Remember(ReadOnlySpan<byte> path, OwnedFd fd)
    {
        OpenedDirectory directory = new(fd, OpenFile.Status(fd).Inode);
        _cache.Add(path, directory);
        return directory;
    }
}
