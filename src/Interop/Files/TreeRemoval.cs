// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using System.Text;

namespace Gantry.Interop.Files;

/// <summary>Removes a directory with all that is in it, by descriptors.</summary>
/// <remarks>
/// Links are removed, never followed, and a mount point inside stops the removal (EXDEV). Any depth works with a
/// bounded number of descriptors: what lies deeper than <see cref="MaximumDepth"/> is first moved up to the top.
/// </remarks>
public sealed class TreeRemoval : IDisposable
{
    private const int MaximumDepth = 48;
    private const int MaximumRescans = 16;

    private readonly SafeHandle _parent;
    private readonly Stack<Level> _levels = new();
    private readonly CancellationToken _cancellationToken;
    private int _moved;

    private TreeRemoval(SafeHandle parent, CancellationToken cancellationToken)
    {
        _parent = parent;
        _cancellationToken = cancellationToken;
    }

    /// <summary>Removes <paramref name="name"/> from <paramref name="parent"/>, file or directory; absent is success.</summary>
    /// <param name="parent">Open directory that no tenant controls.</param>
    /// <param name="name">One name.</param>
    /// <exception cref="SyscallException">Something stays: EXDEV, a mount is inside; EBUSY, a mount is in the way.</exception>
    /// <exception cref="OperationCanceledException">Part of the tree stays; call again to go on.</exception>
    public static void Remove(SafeHandle parent, KernelText name, CancellationToken cancellationToken)
    {
        using TreeRemoval removal = new(parent, cancellationToken);
        removal.Run(name);
    }

    public void Dispose()
    {
        while (_levels.TryPop(out Level? level))
        {
            level.Directory.Dispose();
        }
    }

    private void Run(KernelText name)
    {
        byte[] bytes = [.. name.Bytes, 0];
        if (RemoveFile(_parent, KernelText.FromTerminated(bytes)) || !Enter(_parent, bytes))
        {
            return;
        }

        while (_levels.TryPeek(out Level? level))
        {
            _cancellationToken.ThrowIfCancellationRequested();
            if (level.Reader.MoveNext())
            {
                Take(level);
            }
            else
            {
                Leave(level);
            }
        }
    }

    private void Take(Level level)
    {
        KernelText name = level.Reader.Name;
        bool directory = level.Reader.Type == FileType.Directory;
        if ((!directory && RemoveFile(level.Directory, name)) || (directory && Gone(At.TryRmdir(level.Directory, name))))
        {
            return;
        }

        byte[] copy = [.. name.Bytes, 0];
        if (_levels.Count < MaximumDepth || !MoveUp(level, copy))
        {
            Enter(level.Directory, copy);
        }
    }

    /// <returns><see langword="false"/>: it is a directory.</returns>
    private static bool RemoveFile(SafeHandle directory, KernelText name)
    {
        Errno errno = At.TryUnlink(directory, name);
        if (errno == Errno.EPERM && InodeFlags.ClearImmutable(directory, name))
        {
            errno = At.TryUnlink(directory, name);
        }

        if (errno == Errno.EACCES)
        {
            OpenFile.Chmod(directory, 0b111_000_000);
            errno = At.TryUnlink(directory, name);
        }

        if (errno == Errno.EISDIR)
        {
            return false;
        }

        At.Check(errno == Errno.ENOENT ? Errno.None : errno, "unlinkat", name);
        return true;
    }

    /// <returns><see langword="false"/>: it is gone already.</returns>
    private bool Enter(SafeHandle directory, byte[] name)
    {
        string text = Encoding.UTF8.GetString(name.AsSpan()[..^1]);
        OwnedFd? opened = Open(directory, name, out Errno errno);
        if (errno == Errno.EACCES)
        {
            using OwnedFd handle = At.Open(directory, KernelText.FromTerminated(name), OpenFlags.O_PATH | OpenFlags.O_DIRECTORY);
            OpenFile.Chmod(handle, 0b111_000_000);
            opened = Open(directory, name, out errno);
        }

        if (opened is null)
        {
            return errno == Errno.ENOENT ? false : throw new SyscallException("openat", text, errno);
        }

        if (OpenFile.Status(opened).MountId != OpenFile.Status(directory).MountId)
        {
            opened.Dispose();
            throw new SyscallException("rmdir", $"{text} is a mount point", Errno.EXDEV);
        }

        _levels.Push(new Level(directory, name, opened, new DirectoryReader(opened)));
        return true;
    }

    private static OwnedFd? Open(SafeHandle directory, byte[] name, out Errno errno) =>
        At.TryOpen(directory, KernelText.FromTerminated(name), OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY, 0, out errno);

    private void Leave(Level level)
    {
        KernelText name = KernelText.FromTerminated(level.Name);
        Errno errno = At.TryRmdir(level.Parent, name);
        if (errno == Errno.EPERM && InodeFlags.ClearImmutable(level.Parent, name))
        {
            errno = At.TryRmdir(level.Parent, name);
        }

        if (errno == Errno.ENOTEMPTY && (level.Moved || level.Rescans++ < MaximumRescans))
        {
            // Entries moved up from below, or a file system that skips names while others are removed.
            level.Moved = false;
            level.Reader.Rewind();
            return;
        }

        At.Check(Gone(errno) ? Errno.None : errno, "rmdir", name);
        _levels.Pop();
        level.Directory.Dispose();
    }

    private bool MoveUp(Level level, byte[] name)
    {
        Level top = _levels.Last();
        Errno errno;
        do
        {
            errno = At.TryRename(
                level.Directory, KernelText.FromTerminated(name), top.Directory, $".up-{_moved++}", RenameFlags.RENAME_NOREPLACE);
        }
        while (errno == Errno.EEXIST);

        top.Moved |= errno == Errno.None;
        return errno == Errno.None;
    }

    private static bool Gone(Errno errno) => errno is Errno.None or Errno.ENOENT;

    private sealed record Level(SafeHandle Parent, byte[] Name, OwnedFd Directory, DirectoryReader Reader)
    {
        public int Rescans { get; set; }

        public bool Moved { get; set; }
    }
}
