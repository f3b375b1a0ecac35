// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop;
using Gantry.Interop.Files;

namespace Gantry.Images.Unpack;

/// <summary>Makes the files of a layer.</summary>
/// <remarks>
/// Every call names one single name in an open directory, so links and people who swap directories have nothing to
/// redirect; paths of directories are resolved by openat2 inside the layer.
/// </remarks>
internal sealed class LayerWriter : IDisposable
{
    private const uint SpecialBits = 0b111_000_000_000;

    private readonly LayerTree _tree;
    private readonly UnpackLimits _limits;
    private readonly EntryPath _path;
    private readonly EntryPath _linkPath;
    private readonly bool _exactModes;

    internal LayerWriter(SafeHandle target, UnpackLimits limits, bool exactModes)
    {
        _tree = new LayerTree(target);
        _limits = limits;
        _path = new EntryPath(limits.MaximumDepth);
        _linkPath = new EntryPath(limits.MaximumDepth);
        _exactModes = exactModes;
    }

    internal long Entries { get; private set; }

    internal long Bytes { get; private set; }

    internal void Add(TarReader reader)
    {
        TarEntry entry = reader.Entry;
        if (++Entries > _limits.MaximumEntries)
        {
            throw new LayerException($"layer archive: more than {_limits.MaximumEntries} entries, the limit of one layer");
        }

        _tree.BeginEntry();
        _path.Set(entry.Name);
        if (_path.IsRoot)
        {
            AddRoot(entry);
        }
        else if (_path.Last.StartsWith(".wh."u8))
        {
            Whiteouts.Add(_tree, _path, entry);
        }
        else
        {
            AddEntry(reader, entry, _tree.OpenParent(_path));
        }
    }

    /// <inheritdoc cref="DirectoryRecords.ImplicitPaths"/>
    internal IReadOnlyList<byte[]> ImplicitDirectories => _tree.Records.ImplicitPaths;

    /// <summary>Directories get their owners, modes and times.</summary>
    internal void Finish(CancellationToken cancellationToken) => _tree.Finish(cancellationToken);

    public void Dispose() => _tree.Dispose();

    private static LayerException Refuse(TarEntry entry, string why) =>
        new($"layer entry \"{EntryText.Show(entry.Name)}\": {why}");

    private void AddRoot(TarEntry entry)
    {
        if (entry.Kind != EntryKind.Directory)
        {
            throw Refuse(entry, "the layer's own directory can only be a directory");
        }

        SetDirectory(entry, _tree.Root, 0, [0]);
    }

    private void AddEntry(TarReader reader, TarEntry entry, OpenedDirectory parent)
    {
        switch (entry.Kind)
        {
            case EntryKind.Regular:
                AddFile(reader, entry, parent);
                break;
            case EntryKind.Directory:
                OpenedDirectory directory = _tree.MakeDirectory(parent, _path);
                SetDirectory(entry, directory, parent.Inode, _path.Terminated);
                break;
            case EntryKind.HardLink:
                AddHardLink(entry, parent);
                break;
            case EntryKind.SymbolicLink:
                if (entry.Link.IsEmpty)
                {
                    throw Refuse(entry, "a symbolic link without a target");
                }

                Make(parent, name => At.TrySymlink(KernelText.FromTerminated(entry.LinkTerminated), parent.Fd, name), "symlinkat");
                SetByName(entry, parent);
                break;
            default:
                AddNode(entry, parent);
                break;
        }
    }

    private void AddFile(TarReader reader, TarEntry entry, OpenedDirectory parent)
    {
        Bytes = entry.RealSize <= _limits.MaximumBytes - Bytes
            ? Bytes + entry.RealSize
            : throw Refuse(entry, $"{entry.RealSize} bytes make more than {_limits.MaximumBytes}, the limit of one layer");
        using OwnedFd file = CreateFile(entry, parent);
        if (entry.IsSparse)
        {
            WriteSparse(reader, entry, file);
        }
        else
        {
            while (reader.Unread > 0)
            {
                OpenFile.Write(file, reader.Data(long.MaxValue));
            }
        }

        // chown clears setuid and security.capability, and all of them move the times: the order matters.
        if (entry.Uid != 0 || entry.Gid != 0 || _tree.InheritsGroup)
        {
            OpenFile.Chown(file, entry.Uid, entry.Gid);
        }

        if (!_exactModes || (entry.Mode & SpecialBits) != 0)
        {
            OpenFile.Chmod(file, entry.Mode);
        }

        EntryAttributes.Set(entry, file);
        OpenFile.SetTimes(file, entry.ModifyTime, entry.ModifyTime);
    }

    private OwnedFd CreateFile(TarEntry entry, OpenedDirectory parent)
    {
        const OpenFlags New = OpenFlags.O_WRONLY | OpenFlags.O_CREAT | OpenFlags.O_EXCL | OpenFlags.O_NOCTTY;
        for (int tries = 0; ; tries++)
        {
            OwnedFd? file = At.TryOpen(parent.Fd, _path.Name, New, entry.Mode & ~SpecialBits, out Errno errno);
            if (file is not null)
            {
                return file;
            }

            if (errno != Errno.EEXIST || tries > 0)
            {
                throw new SyscallException("openat", EntryText.Show(_path.Last), errno);
            }

            _tree.Remove(parent, _path);
        }
    }

    private static void WriteSparse(TarReader reader, TarEntry entry, OwnedFd file)
    {
        foreach (SparseChunk chunk in entry.Chunks)
        {
            for (long done = 0; done < chunk.Length;)
            {
                ReadOnlySpan<byte> data = reader.Data(chunk.Length - done);
                OpenFile.WriteAt(file, data, chunk.Offset + done);
                done += data.Length;
            }
        }

        OpenFile.SetLength(file, entry.RealSize);
    }

    private void AddNode(TarEntry entry, OpenedDirectory parent)
    {
        FileType type = entry.Kind switch
        {
            EntryKind.Fifo => FileType.Fifo,
            EntryKind.CharacterDevice => FileType.CharacterDevice,
            _ => FileType.BlockDevice,
        };
        Make(parent, name => At.TryMknod(parent.Fd, name, type, entry.Mode & ~SpecialBits, entry.Device), "mknodat");
        SetByName(entry, parent);
    }

    private void AddHardLink(TarEntry entry, OpenedDirectory parent)
    {
        _linkPath.Set(entry.Link);
        if (_linkPath.IsRoot || _tree.FindParent(_linkPath) is not OpenedDirectory from)
        {
            throw NotInLayer(entry);
        }

        Errno errno = At.TryStatus(from.Fd, _linkPath.Name, out FileStatus target);
        if (errno != Errno.None || target.Type == FileType.Directory)
        {
            throw errno is Errno.None or Errno.ENOENT ? NotInLayer(entry) : new SyscallException("statx", EntryText.Show(entry.Link), errno);
        }

        if (At.TryStatus(parent.Fd, _path.Name, out FileStatus existing) != Errno.None || existing.Inode != target.Inode)
        {
            Make(parent, name => At.TryLink(from.Fd, _linkPath.Name, parent.Fd, name), "linkat");
        }
    }

    private static LayerException NotInLayer(TarEntry entry) =>
        Refuse(entry, $"hard link to \"{EntryText.Show(entry.Link)}\", which is no file of this layer (links to files of other layers are not accepted)");

    private void Make(OpenedDirectory parent, MakeCall call, string name)
    {
        Errno errno = call(_path.Name);
        if (errno == Errno.EEXIST)
        {
            _tree.Remove(parent, _path);
            errno = call(_path.Name);
        }

        if (errno != Errno.None)
        {
            throw new SyscallException(name, EntryText.Show(_path.Last), errno);
        }
    }

    /// <summary>Owner, mode, attributes and times of what cannot be opened: links, devices, fifos.</summary>
    private void SetByName(TarEntry entry, OpenedDirectory parent)
    {
        if (entry.Uid != 0 || entry.Gid != 0 || _tree.InheritsGroup)
        {
            At.Chown(parent.Fd, _path.Name, entry.Uid, entry.Gid);
        }

        bool modeMissing = entry.Kind != EntryKind.SymbolicLink && (!_exactModes || (entry.Mode & SpecialBits) != 0);
        if (modeMissing || entry.Attributes.Count > 0)
        {
            using OwnedFd file = At.Open(parent.Fd, _path.Name, OpenFlags.O_PATH);
            if (modeMissing)
            {
                OpenFile.Chmod(file, entry.Mode);
            }

            EntryAttributes.Set(entry, file);
        }

        At.SetTimes(parent.Fd, _path.Name, entry.ModifyTime, entry.ModifyTime);
    }

    private void SetDirectory(TarEntry entry, OpenedDirectory directory, ulong parent, ReadOnlySpan<byte> name)
    {
        byte[]? list = EntryAttributes.Set(entry, directory.Fd);
        _tree.Records.Set(
            directory.Inode, parent, name, new DirectoryAttributes(entry.Mode, entry.Uid, entry.Gid, entry.ModifyTime, list));
    }

    private delegate Errno MakeCall(KernelText name);
}
