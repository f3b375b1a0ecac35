// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop;
using Gantry.Interop.Files;

namespace Gantry.Images.Unpack;

/// <summary>What a directory gets at the end of unpacking.</summary>
/// <param name="ModifyTime"><see langword="null"/>: whatever it is.</param>
/// <param name="DefaultAcl">Value of system.posix_acl_default, which new files in the directory would inherit.</param>
internal sealed record DirectoryAttributes(uint Mode, uint Uid, uint Gid, FileTime? ModifyTime, byte[]? DefaultAcl);

/// <summary>Directories made so far, to be finished at the end.</summary>
/// <remarks>
/// Until then all are 0700 and root's: files made in them inherit no group and no list, read-only ones can be
/// filled, and times are not moved by what is put in. Keyed by inode number, which also tells at the end whether the
/// directory found under a name is still the one meant.
/// </remarks>
internal sealed class DirectoryRecords
{
    private const int MaximumAclBytes = 16 << 20;
    private const int MaximumImplicitBytes = 16 << 20;

    private readonly Dictionary<ulong, Entry> _entries = [];
    private readonly List<byte[]> _implicit = [];
    private int _aclBytes;
    private int _implicitBytes;

    /// <summary>What a directory gets that the archive lacks: 0755, root's.</summary>
    internal static DirectoryAttributes Implicit { get; } = new(0b111_101_101, 0, 0, null, null);

    /// <summary>Paths of directories with <see cref="Implicit"/> attributes, parents first; known after <see cref="Apply"/>.</summary>
    internal IReadOnlyList<byte[]> ImplicitPaths => _implicit;

    /// <param name="parent">Inode of the directory that holds it; 0 for the layer's own.</param>
    /// <param name="name">With a NUL at the end.</param>
    internal void Set(ulong inode, ulong parent, ReadOnlySpan<byte> name, DirectoryAttributes attributes)
    {
        _aclBytes += attributes.DefaultAcl?.Length ?? 0;
        if (_aclBytes > MaximumAclBytes)
        {
            throw new LayerException($"layer archive: more than {MaximumAclBytes} bytes of default access lists");
        }

        _entries[inode] = new Entry(inode, parent, name.ToArray(), attributes);
    }

    internal void Forget(ulong inode) => _entries.Remove(inode);

    /// <summary>Gives every directory that is still there its owner, mode and times.</summary>
    internal void Apply(SafeHandle root, ulong rootInode, CancellationToken cancellationToken)
    {
        ILookup<ulong, Entry> children = _entries.Values.ToLookup(static e => e.Parent);
        Stack<Level> levels = new();
        try
        {
            levels.Push(new Level(null, [], children[rootInode].GetEnumerator()));
            while (levels.TryPeek(out Level? level))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!level.Children.MoveNext())
                {
                    levels.Pop();
                    level.Finish();
                }
                else if (TryOpen(level.Fd ?? root, level.Children.Current) is OwnedFd fd)
                {
                    Entry entry = level.Children.Current;
                    byte[] path = [.. level.Path, .. entry.Name.AsSpan()[..^1], (byte)'/'];
                    levels.Push(new Level(fd, path, children[entry.Inode].GetEnumerator()) { Attributes = entry.Attributes });
                    Note(path, entry.Attributes);
                }
            }
        }
        finally
        {
            foreach (Level level in levels)
            {
                level.Fd?.Dispose();
            }
        }

        if (_entries.TryGetValue(rootInode, out Entry? own))
        {
            using OwnedFd fd = OpenFile.Reopen(root, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
            Level.Give(fd, own.Attributes);
        }
    }

    private void Note(byte[] path, DirectoryAttributes attributes)
    {
        if (!ReferenceEquals(attributes, Implicit))
        {
            return;
        }

        _implicitBytes += path.Length;
        if (_implicitBytes > MaximumImplicitBytes)
        {
            throw new LayerException($"layer archive: more than {MaximumImplicitBytes} bytes of paths of directories without an entry");
        }

        _implicit.Add(path[..^1]);
    }

    private static OwnedFd? TryOpen(SafeHandle parent, Entry entry)
    {
        KernelText name = KernelText.FromTerminated(entry.Name);
        OwnedFd? fd = At.TryOpen(parent, name, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY, 0, out Errno errno);
        if (fd is null)
        {
            return errno is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP
                ? null
                : throw new SyscallException("openat", name.ToString(), errno);
        }

        if (OpenFile.Status(fd).Inode == entry.Inode)
        {
            return fd;
        }

        fd.Dispose();
        return null;
    }

    private sealed record Entry(ulong Inode, ulong Parent, byte[] Name, DirectoryAttributes Attributes);

    /// <param name="Path">From the layer's own directory, each name followed by a slash.</param>
    private sealed record Level(OwnedFd? Fd, byte[] Path, IEnumerator<Entry> Children)
    {
        public DirectoryAttributes? Attributes { get; init; }

        /// <summary>Everything below is done, so the times will stay.</summary>
        public void Finish()
        {
            using (Fd)
            {
                if (Fd is not null && Attributes is not null)
                {
                    Give(Fd, Attributes);
                }
            }
        }

        public static void Give(OwnedFd fd, DirectoryAttributes attributes)
        {
            if (attributes.Uid != 0 || attributes.Gid != 0)
            {
                OpenFile.Chown(fd, attributes.Uid, attributes.Gid);
            }

            OpenFile.Chmod(fd, attributes.Mode);
            if (attributes.DefaultAcl is byte[] list)
            {
                Xattr.Set(fd, "system.posix_acl_default", list);
            }

            if (attributes.ModifyTime is FileTime time)
            {
                OpenFile.SetTimes(fd, time, time);
            }
        }
    }
}
