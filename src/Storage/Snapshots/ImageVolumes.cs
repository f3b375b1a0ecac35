// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Gantry.Interop;
using Gantry.Interop.Files;

namespace Gantry.Storage.Snapshots;

/// <summary>Directories for the VOLUMEs that an image declares: <c>&lt;root&gt;/volumes/&lt;container&gt;/&lt;n&gt;</c>.</summary>
public sealed class ImageVolumes : IAsyncDisposable
{
    private const string Trash = ".trash";

    private readonly string _root;
    private readonly OwnedFd _directory;
    private readonly TrashCan _trash;

    private ImageVolumes(string root)
    {
        _root = root;
        _directory = StoreTree.Open(root);
        _trash = new TrashCan(StoreTree.Open(root, Trash));
    }

    /// <param name="root">Absolute path of gantryd's durable directory.</param>
    public static ImageVolumes Open(string root)
    {
        string path = StoreDirectory.Make(root, "volumes");
        return StoreTree.Guarded(path, () => new ImageVolumes(path));
    }

    /// <summary>Makes the directory of a volume, 0755 and owned by root; again returns the same.</summary>
    /// <param name="index">Place of the volume in the container's list, 0 or more.</param>
    /// <returns>Absolute path.</returns>
    /// <exception cref="StorageException"><see cref="StorageError.NoSpace"/>.</exception>
    public string Create(string containerId, int index)
    {
        StoreTree.CheckId(containerId);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        string name = index.ToString(CultureInfo.InvariantCulture);
        return StoreTree.Guarded(_root, () =>
        {
            using OwnedFd container = OpenOrMake(_directory, containerId, StoreTree.Private);
            OpenOrMake(container, name, StoreTree.Public).Dispose();
            return $"{_root}/{containerId}/{name}";
        });
    }

    /// <summary>Ids of the containers that have volumes.</summary>
    public IReadOnlyList<string> Containers()
    {
        using OwnedFd directory = OpenFile.Reopen(_directory, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
        return [.. DirectoryReader.Names(directory).Where(static name => name != Trash)];
    }

    /// <summary>Removes all volumes of a container; absent is success. The space comes back in the background.</summary>
    public void Remove(string containerId) => _trash.Throw(_directory, StoreTree.CheckId(containerId));

    /// <summary>Waits until everything removed so far is deleted.</summary>
    public Task EmptyTrashAsync(CancellationToken cancellationToken) => _trash.EmptyAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _trash.DisposeAsync();
        _directory.Dispose();
    }

    private static OwnedFd OpenOrMake(OwnedFd parent, string name, uint mode) =>
        At.TryOpen(parent, name, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY, 0, out Errno errno)
        ?? (errno == Errno.ENOENT ? StoreTree.Make(parent, name, mode) : throw new SyscallException("openat", name, errno));
}
