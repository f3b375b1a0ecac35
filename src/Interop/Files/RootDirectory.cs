// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using System.Text;

namespace Gantry.Interop.Files;

/// <summary>A directory that is the root of all paths given to it: a rootfs, a volume, an unpacked layer.</summary>
/// <remarks>
/// Paths may start with a slash or not. Symbolic links and <c>..</c> are followed, but inside: an absolute link
/// starts again at this root, and the root is its own parent. Magic links of /proc are refused. Opened once; what
/// happens to the root's own path later does not matter.
/// </remarks>
public sealed class RootDirectory : IDisposable
{
    private const ResolveFlags Inside = ResolveFlags.RESOLVE_IN_ROOT | ResolveFlags.RESOLVE_NO_MAGICLINKS;
    private const OpenFlags PathDirectory = OpenFlags.O_PATH | OpenFlags.O_DIRECTORY;

    private readonly OwnedFd _root;

    /// <summary>Takes over a directory that is open already, such as a detached mount.</summary>
    /// <param name="root">Owned by the new object from now on.</param>
    public RootDirectory(OwnedFd root)
    {
        ArgumentNullException.ThrowIfNull(root);
        _root = root;
    }

    /// <summary>The directory itself. Owned by this object.</summary>
    public SafeHandle Handle => _root;

    /// <summary>Opens a root by a path that only root controls.</summary>
    public static RootDirectory Open(string trustedPath) =>
        new(Openat2.Open(null, trustedPath, PathDirectory, ResolveFlags.None));

    /// <summary>A handle on whatever <paramref name="path"/> leads to (O_PATH); with
    /// <paramref name="follow"/> false a link at the end is itself what is meant.</summary>
    public OwnedFd OpenPath(string path, bool follow = true) =>
        Open(path, follow ? OpenFlags.O_PATH : OpenFlags.O_PATH | OpenFlags.O_NOFOLLOW);

    /// <summary>A directory open for reading its names and for fsync.</summary>
    public OwnedFd OpenDirectory(string path) => Open(path, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);

    /// <summary>Opens an existing file with any flags. For bytes that a tenant controls see <see cref="ReadFile"/>.</summary>
    /// <exception cref="SyscallException">Subject is the path inside.</exception>
    public OwnedFd Open(string path, OpenFlags flags) => Openat2.Open(_root, Inner(path), flags, Inside);

    /// <inheritdoc cref="Open(string, OpenFlags)"/>
    public OwnedFd? TryOpen(string path, OpenFlags flags, out Errno errno) =>
        Openat2.TryOpen(_root, Inner(path), flags, Inside, out errno);

    /// <summary>Makes a directory and the ones above it as far as they are missing.</summary>
    /// <param name="mode">Permission bits of those made, exact whatever the umask; existing ones stay as they are.</param>
    /// <param name="uid">Owner of those made.</param>
    /// <param name="gid">Group of those made.</param>
    /// <returns>O_PATH handle on the directory.</returns>
    /// <remarks>A link that leads to nothing gets its target made, inside.</remarks>
    /// <exception cref="SyscallException">ENOTDIR: something on the way is no directory. ELOOP: over 40 links.</exception>
    public OwnedFd MkdirAll(string path, uint mode, uint uid = 0, uint gid = 0)
    {
        OwnedFd? existing = TryOpen(path, PathDirectory, out Errno errno);
        return existing is not null || errno != Errno.ENOENT
            ? existing ?? throw new SyscallException("openat2", path, errno)
            : RootWalk.Make(_root, path, new NewFile(FileType.Directory, mode, mode, uid, gid));
    }

    /// <summary>Makes an empty regular file, and the directories above it, to mount upon; an existing file stays as it is.</summary>
    /// <param name="mode">Permission bits of the file if made.</param>
    /// <param name="parentMode">Permission bits of the directories made.</param>
    /// <returns>O_PATH handle on the file, whatever its kind.</returns>
    public OwnedFd CreateFile(string path, uint mode, uint uid = 0, uint gid = 0, uint parentMode = 0b111_101_101)
    {
        OwnedFd? existing = TryOpen(path, OpenFlags.O_PATH, out Errno errno);
        return existing is not null || errno != Errno.ENOENT
            ? existing ?? throw new SyscallException("openat2", path, errno)
            : RootWalk.Make(_root, path, new NewFile(FileType.Regular, mode, parentMode, uid, gid));
    }

    /// <summary>The bytes of a regular file of bounded size. Devices, fifos and sockets are not even opened.</summary>
    /// <exception cref="FileRefusedException">Not a regular file, or larger than <paramref name="maximumBytes"/>.</exception>
    /// <exception cref="SyscallException">ENOENT and the like.</exception>
    public byte[] ReadFile(string path, int maximumBytes) =>
        TryReadFile(path, maximumBytes, out Errno errno) ?? throw new SyscallException("openat2", path, errno);

    /// <inheritdoc cref="ReadFile"/>
    /// <returns><see langword="null"/> when it cannot be opened.</returns>
    public byte[]? TryReadFile(string path, int maximumBytes, out Errno errno)
    {
        using OwnedFd? found = TryOpen(path, OpenFlags.O_PATH, out errno);
        if (found is null)
        {
            return null;
        }

        FileStatus status = OpenFile.Status(found);
        if (status.Type != FileType.Regular)
        {
            throw FileRefusedException.NotRegular(path, status.Type);
        }

        if (status.Size > maximumBytes)
        {
            throw FileRefusedException.TooLarge(path, status.Size, maximumBytes);
        }

        using OwnedFd file = OpenFile.Reopen(found, OpenFlags.O_RDONLY | OpenFlags.O_NONBLOCK | OpenFlags.O_NOCTTY);
        return OpenFile.ReadToEnd(file, maximumBytes, path);
    }

    /// <returns><see langword="null"/> when nothing is there.</returns>
    public FileStatus? Status(string path, bool follow = true)
    {
        OpenFlags flags = follow ? OpenFlags.O_PATH : OpenFlags.O_PATH | OpenFlags.O_NOFOLLOW;
        using OwnedFd? found = TryOpen(path, flags, out Errno errno);
        return found is not null ? OpenFile.Status(found)
            : errno is Errno.ENOENT or Errno.ENOTDIR ? null
            : throw new SyscallException("openat2", path, errno);
    }

    /// <summary>Links are followed: a link to nothing does not exist.</summary>
    public bool Exists(string path) => Status(path) is not null;

    /// <summary>Text of a symbolic link, not resolved.</summary>
    /// <exception cref="SyscallException">EINVAL: it is no link.</exception>
    public string ReadLink(string path)
    {
        using OwnedFd link = OpenPath(path, follow: false);
        At.Check(OpenFile.Status(link).Type == FileType.SymbolicLink ? Errno.None : Errno.EINVAL, "readlinkat", path);
        return OpenFile.ReadLink(link);
    }

    /// <summary>The path inside this root, without links, of a file opened through it.</summary>
    /// <returns>Starts with a slash; "/" is the root itself.</returns>
    /// <exception cref="FileRefusedException">The file is deleted or was moved out of the root.</exception>
    public string CanonicalPath(SafeHandle file)
    {
        ArgumentNullException.ThrowIfNull(file);
        string root = OpenFile.Subject(_root);
        string path = OpenFile.Subject(file);
        string prefix = root == "/" ? "/" : root + "/";
        bool inside = path == root || path.StartsWith(prefix, StringComparison.Ordinal);
        bool deleted = OpenFile.Status(file).Links == 0;
        return inside && !deleted
            ? path == root ? "/" : path[(prefix.Length - 1)..]
            : throw new FileRefusedException($"file \"{path}\": not inside \"{root}\" any more");
    }

    public void Dispose() => _root.Dispose();

    // openat2 takes an empty path for an error; here it means the root.
    private static string Inner(string path) => path.Length == 0 ? "." : path;
}
