// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using System.Text;

namespace Gantry.Interop.Files;

/// <summary>What a copy may take at most; more is an error.</summary>
public readonly record struct TreeCopyLimits
{
    public TreeCopyLimits()
    {
    }

    /// <summary>Sum of the data copied, in bytes.</summary>
    public long MaximumBytes { get; init; } = 1L << 40;

    /// <summary>Files, directories and links.</summary>
    public int MaximumEntries { get; init; } = 10_000_000;
}

/// <summary>Copies what is in a directory: owners, modes, times, attributes, hard links, devices, holes.</summary>
/// <remarks>By descriptors and single names: links are copied, never followed. Mounts inside the source are left out (empty directories).</remarks>
public sealed class TreeCopy : IDisposable
{
    private const int MaximumDepth = 200;

    private readonly Stack<Level> _levels = new();
    private readonly Dictionary<(DeviceNumber Device, ulong Inode), byte[]> _linked = [];
    private readonly SafeHandle _targetRoot;
    private readonly TreeCopyLimits _limits;
    private readonly CancellationToken _cancellationToken;
    private long _bytes;
    private int _entries;

    private TreeCopy(SafeHandle targetRoot, TreeCopyLimits limits, CancellationToken cancellationToken)
    {
        _targetRoot = targetRoot;
        _limits = limits;
        _cancellationToken = cancellationToken;
    }

    /// <summary>Copies the content of <paramref name="source"/> into <paramref name="target"/>, and its own owner, mode, attributes and times.</summary>
    /// <param name="source">A directory; O_PATH is enough.</param>
    /// <param name="target">A directory where the names are still free; O_PATH is enough.</param>
    /// <exception cref="SyscallException">Part of the copy is there: the caller removes it. EEXIST, ENOSPC, EDQUOT.</exception>
    /// <exception cref="FileRefusedException">A limit was passed, or the tree is deeper than 200.</exception>
    public static void Copy(SafeHandle source, SafeHandle target, TreeCopyLimits limits, CancellationToken cancellationToken)
    {
        using TreeCopy copy = new(target, limits, cancellationToken);
        copy.Run(source);
    }

    public void Dispose()
    {
        while (_levels.TryPop(out Level? level))
        {
            level.Dispose();
        }
    }

    private void Run(SafeHandle source)
    {
        Push(Reopened(source), Reopened(_targetRoot), []);
        while (_levels.TryPeek(out Level? level))
        {
            _cancellationToken.ThrowIfCancellationRequested();
            if (level.Reader.MoveNext())
            {
                CopyEntry(level, level.Reader.Name);
            }
            else
            {
                _levels.Pop();
                using (level)
                {
                    CopyMetadata(level.Source, level.Target, level.Status);
                }
            }
        }
    }

    private static OwnedFd Reopened(SafeHandle directory) =>
        OpenFile.Reopen(directory, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);

    /// <param name="path">From the root, each name followed by a slash.</param>
    private void Push(OwnedFd source, OwnedFd target, byte[] path)
    {
        if (_levels.Count >= MaximumDepth)
        {
            source.Dispose();
            target.Dispose();
            throw new FileRefusedException($"directory \"{Text(path)}\": deeper than {MaximumDepth} levels");
        }

        _levels.Push(new Level(source, target, path));
    }

    private void CopyEntry(Level level, KernelText name)
    {
        if (++_entries > _limits.MaximumEntries)
        {
            throw new FileRefusedException($"file \"{Text(level.Path)}{name.ToString()}\": more than {_limits.MaximumEntries} entries");
        }

        using OwnedFd source = At.Open(level.Source, name, OpenFlags.O_PATH);
        FileStatus status = OpenFile.Status(source);
        bool linked = status.Links > 1 && status.Type != FileType.Directory;
        if (linked && LinkToFirst(level, name, status))
        {
            return;
        }

        if (status.Type == FileType.Directory)
        {
            CopyDirectory(level, name, status);
            return;
        }

        using OwnedFd target = CopyFile(level, name, source, status);
        CopyMetadata(source, target, status);
        if (linked)
        {
            _linked[(status.Device, status.Inode)] = [.. level.Path, .. name.Bytes, 0];
        }
    }

    private bool LinkToFirst(Level level, KernelText name, FileStatus status)
    {
        if (!_linked.TryGetValue((status.Device, status.Inode), out byte[]? first))
        {
            return false;
        }

        using OwnedFd file = Openat2.Open(
            _targetRoot, KernelText.FromTerminated(first), OpenFlags.O_PATH | OpenFlags.O_NOFOLLOW, ResolveFlags.RESOLVE_BENEATH);
        At.LinkOpen(file, level.Target, name);
        return true;
    }

    private void CopyDirectory(Level level, KernelText name, FileStatus status)
    {
        At.Mkdir(level.Target, name, 0b111_000_000);
        OwnedFd target = At.Open(level.Target, name, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
        if (status.MountId != level.Status.MountId)
        {
            using (target)
            {
                OpenFile.Chown(target, status.Uid, status.Gid);
                OpenFile.Chmod(target, status.Mode);
                return;
            }
        }

        OwnedFd source;
        try
        {
            source = At.Open(level.Source, name, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
        }
        catch
        {
            target.Dispose();
            throw;
        }

        Push(source, target, [.. level.Path, .. name.Bytes, (byte)'/']);
    }

    private OwnedFd CopyFile(Level level, KernelText name, OwnedFd source, FileStatus status)
    {
        switch (status.Type)
        {
            case FileType.Regular:
                return CopyRegular(level, name, source, status);
            case FileType.SymbolicLink:
                At.Symlink(KernelText.FromTerminated(OpenFile.ReadLinkTerminated(source)), level.Target, name);
                break;
            default:
                At.Mknod(level.Target, name, status.Type, 0b110_000_000, status.NodeDevice);
                break;
        }

        return At.Open(level.Target, name, OpenFlags.O_PATH);
    }

    private OwnedFd CopyRegular(Level level, KernelText name, OwnedFd source, FileStatus status)
    {
        // Holes cost nothing, so a sparse file counts with what it takes.
        _bytes += Math.Min(status.Size, status.Blocks * 512);
        if (_bytes > _limits.MaximumBytes)
        {
            throw new FileRefusedException($"file \"{Text(level.Path)}{name.ToString()}\": more than {_limits.MaximumBytes} bytes in all");
        }

        using OwnedFd from = OpenFile.Reopen(source, OpenFlags.O_RDONLY | OpenFlags.O_NONBLOCK);
        OwnedFd to = At.Create(level.Target, name, 0b110_000_000);
        try
        {
            FileContent.Copy(from, to, status.Size, _cancellationToken);
            return to;
        }
        catch
        {
            to.Dispose();
            throw;
        }
    }

    /// <summary>Gives <paramref name="target"/> owner, mode, attributes (but overlayfs's own) and times of <paramref name="source"/>.</summary>
    /// <param name="status">Of the source.</param>
    public static void CopyMetadata(SafeHandle source, SafeHandle target, FileStatus status)
    {
        // Order matters: chown clears setuid and security.capability, and every change moves the times.
        OpenFile.Chown(target, status.Uid, status.Gid);
        if (status.Type != FileType.SymbolicLink)
        {
            OpenFile.Chmod(target, status.Mode);
        }

        foreach (string name in Xattr.List(source))
        {
            if (!name.StartsWith("trusted.overlay.", StringComparison.Ordinal) && Xattr.Get(source, name) is byte[] value)
            {
                Xattr.Set(target, name, value);
            }
        }

        OpenFile.SetTimes(target, status.AccessTime, status.ModifyTime);
    }

    private static string Text(byte[] path) => Encoding.UTF8.GetString(path);

    private sealed class Level(OwnedFd source, OwnedFd target, byte[] path) : IDisposable
    {
        public OwnedFd Source => source;

        public OwnedFd Target => target;

        public byte[] Path => path;

        public FileStatus Status { get; } = OpenFile.Status(source);

        public DirectoryReader Reader { get; } = new(source);

        public void Dispose()
        {
            source.Dispose();
            target.Dispose();
        }
    }
}
