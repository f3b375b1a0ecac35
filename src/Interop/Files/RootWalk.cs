// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using System.Text;

namespace Gantry.Interop.Files;

/// <summary>What to make at the end of a walk, and the mode of directories made on the way.</summary>
internal readonly record struct NewFile(FileType Type, uint Mode, uint ParentMode, uint Uid, uint Gid);

/// <summary>Walks a path inside a root one name at a time and makes what is missing.</summary>
/// <remarks>
/// The kernel's own walk (openat2) makes nothing on the way. This one holds a handle on each directory it went
/// through: it descends by single names that are not links, goes up by forgetting a handle, and reads links as text,
/// so nobody who swaps names meanwhile can lead it out of the root.
/// </remarks>
internal sealed class RootWalk : IDisposable
{
    // path_resolution(7): the kernel follows at most 40 links.
    private const int MaximumLinks = 40;
    private const int MaximumDepth = 200;
    private const OpenFlags PathOnly = OpenFlags.O_PATH | OpenFlags.O_NOFOLLOW;

    private readonly SafeHandle _root;
    private readonly string _path;
    private readonly NewFile _file;
    private readonly Stack<string> _names = new();
    private readonly Stack<OwnedFd> _directories = new();
    private int _links;

    private RootWalk(SafeHandle root, string path, NewFile file)
    {
        _root = root;
        _path = path;
        _file = file;
    }

    private SafeHandle Current => _directories.TryPeek(out OwnedFd? directory) ? directory : _root;

    /// <returns>O_PATH handle on what stands at the end of <paramref name="path"/>, made or found.</returns>
    internal static OwnedFd Make(SafeHandle root, string path, NewFile file)
    {
        using RootWalk walk = new(root, path, file);
        return walk.Run();
    }

    public void Dispose()
    {
        while (_directories.TryPop(out OwnedFd? directory))
        {
            directory.Dispose();
        }
    }

    private OwnedFd Run()
    {
        Push(_path);
        while (_names.TryPop(out string? name))
        {
            OwnedFd? end = Step(name, last: _names.Count == 0);
            if (end is not null)
            {
                return end;
            }
        }

        // The path ended in "..", or a link led to the root.
        return _file.Type == FileType.Directory
            ? Openat2.Open(Current, ".", OpenFlags.O_PATH | OpenFlags.O_DIRECTORY, ResolveFlags.RESOLVE_BENEATH)
            : throw Failure(Errno.EISDIR);
    }

    /// <returns>The end of the walk, or <see langword="null"/>: go on with the next name.</returns>
    private OwnedFd? Step(string name, bool last)
    {
        if (name == "..")
        {
            Up();
            return null;
        }

        OwnedFd found = OpenOrMake(name, last);
        FileType type = OpenFile.Status(found).Type;
        switch (type)
        {
            case FileType.SymbolicLink:
                using (found)
                {
                    Follow(OpenFile.ReadLink(found));
                }

                return null;
            case FileType.Directory when !last && _directories.Count < MaximumDepth:
                _directories.Push(found);
                return null;
            case FileType.Directory when last:
            case var _ when last && _file.Type != FileType.Directory:
                return found;
            default:
                found.Dispose();
                throw Failure(type == FileType.Directory ? Errno.ENAMETOOLONG : Errno.ENOTDIR);
        }
    }

    private OwnedFd OpenOrMake(string name, bool last)
    {
        OwnedFd? found = At.TryOpen(Current, name, PathOnly, 0, out Errno errno);
        if (found is not null || errno != Errno.ENOENT)
        {
            return found ?? throw Failure(errno);
        }

        return last && _file.Type != FileType.Directory ? MakeFile(name) : MakeDirectory(name, last ? _file.Mode : _file.ParentMode);
    }

    private OwnedFd MakeFile(string name)
    {
        const OpenFlags New = OpenFlags.O_WRONLY | OpenFlags.O_CREAT | OpenFlags.O_EXCL;
        using OwnedFd? file = At.TryOpen(Current, name, New, _file.Mode, out Errno errno);
        if (file is not null)
        {
            GiveAway(file, _file.Mode);
        }
        else if (errno != Errno.EEXIST)
        {
            throw Failure(errno);
        }

        return At.TryOpen(Current, name, PathOnly, 0, out errno) ?? throw Failure(errno);
    }

    private OwnedFd MakeDirectory(string name, uint mode)
    {
        Errno errno = At.TryMkdir(Current, name, mode);
        if (errno is not (Errno.None or Errno.EEXIST))
        {
            throw Failure(errno);
        }

        bool made = errno == Errno.None;
        OwnedFd found = At.TryOpen(Current, name, PathOnly, 0, out errno) ?? throw Failure(errno);
        // Somebody may have put another thing in its place since: that one is not ours to give away.
        if (made && OpenFile.Status(found).Type == FileType.Directory)
        {
            GiveAway(found, mode);
        }

        return found;
    }

    private void GiveAway(OwnedFd file, uint mode)
    {
        OpenFile.Chown(file, _file.Uid, _file.Gid);
        OpenFile.Chmod(file, mode);
    }

    private void Follow(string target)
    {
        if (++_links > MaximumLinks)
        {
            throw Failure(Errno.ELOOP);
        }

        if (target.StartsWith('/'))
        {
            Dispose();
        }

        Push(target);
    }

    private void Up()
    {
        if (_directories.TryPop(out OwnedFd? left))
        {
            left.Dispose();
        }
    }

    private void Push(string path)
    {
        if (Encoding.UTF8.GetByteCount(path) > 4095)
        {
            throw Failure(Errno.ENAMETOOLONG);
        }

        string[] names = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (int i = names.Length - 1; i >= 0; i--)
        {
            if (names[i] != ".")
            {
                _names.Push(names[i]);
            }
        }
    }

    private SyscallException Failure(Errno errno) => new("mkdirat", _path, errno);
}
