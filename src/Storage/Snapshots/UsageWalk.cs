// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Files;

namespace Gantry.Storage.Snapshots;

/// <summary>Adds up what a tree takes while somebody may be changing it.</summary>
internal sealed class UsageWalk : IDisposable
{
    private const int MaximumDepth = 200;
    private const OpenFlags Readable = OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY;

    private readonly Stack<(OwnedFd Directory, DirectoryReader Reader)> _levels = new();
    private readonly HashSet<ulong> _linked = [];
    private long _bytes;
    private long _inodes;

    /// <param name="root">Open for reading; left open.</param>
    internal static SnapshotUsage Count(OwnedFd root, CancellationToken cancellationToken)
    {
        using UsageWalk walk = new();
        walk.Add(OpenFile.Status(root));
        walk.Enter(OpenFile.Reopen(root, Readable));
        while (walk._levels.TryPeek(out (OwnedFd Directory, DirectoryReader Reader) level))
        {
            cancellationToken.ThrowIfCancellationRequested();
            walk.Step(level.Directory, level.Reader);
        }

        return new SnapshotUsage(walk._bytes, walk._inodes);
    }

    public void Dispose()
    {
        while (_levels.TryPop(out (OwnedFd Directory, DirectoryReader Reader) level))
        {
            level.Directory.Dispose();
        }
    }

    private void Step(OwnedFd directory, DirectoryReader reader)
    {
        if (!reader.MoveNext())
        {
            _levels.Pop();
            directory.Dispose();
        }
        else if (At.TryStatus(directory, reader.Name, out FileStatus status) == Errno.None)
        {
            Add(status);
            if (status.Type == FileType.Directory && _levels.Count < MaximumDepth &&
                At.TryOpen(directory, reader.Name, Readable, 0, out _) is OwnedFd child)
            {
                Enter(child);
            }
        }
    }

    private void Enter(OwnedFd directory) => _levels.Push((directory, new DirectoryReader(directory)));

    private void Add(in FileStatus status)
    {
        if (status.Type == FileType.Directory || status.Links <= 1 || _linked.Add(status.Inode))
        {
            _bytes += status.Blocks * 512;
            _inodes++;
        }
    }
}
