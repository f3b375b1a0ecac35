// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Oci.Image;
using Gantry.Storage.Records;

namespace Gantry.Storage.Snapshots;

/// <summary>The writable layers. Not thread safe, but for <see cref="OpenUpper"/>: the store's gate guards it.</summary>
internal sealed class ContainerIndex : IDisposable
{
    private const int MaximumRecordBytes = 1 << 20;
    private const string Upper = "upper";

    private readonly OwnedFd _directory;
    private readonly string _bootId;
    private readonly Dictionary<string, IReadOnlyList<Digest>> _containers = new(StringComparer.Ordinal);

    internal ContainerIndex(OwnedFd directory, string bootId)
    {
        _directory = directory;
        _bootId = bootId;
        foreach (string name in DirectoryReader.Names(directory))
        {
            _containers[name] = Read(name);
        }
    }

    internal IReadOnlyList<string> All() => [.. _containers.Keys];

    internal IReadOnlyList<Digest>? Layers(string containerId) => _containers.GetValueOrDefault(containerId);

    internal string? UserOf(Digest chainId) =>
        _containers.FirstOrDefault(c => c.Value.Contains(chainId)).Key;

    internal HashSet<Digest> UsedLayers() => [.. _containers.Values.SelectMany(static layers => layers)];

    /// <param name="owner">Owner of the image's root directory, which the writable layer shows instead.</param>
    internal void Make(string containerId, IReadOnlyList<Digest> layers, OwnedFd staging, string name, (uint Uid, uint Gid) owner)
    {
        using (OwnedFd directory = StoreTree.Make(staging, name, StoreTree.Private))
        {
            using OwnedFd upper = StoreTree.Make(directory, Upper, StoreTree.Public);
            OpenFile.Chown(upper, owner.Uid, owner.Gid);
            StoreTree.Make(directory, "work", StoreTree.Private).Dispose();
            byte[] record = RecordFile.Encode(
                new SnapshotRecord(layers), SnapshotJson.Default.SnapshotRecord, SnapshotRecord.Version, _bootId);
            AtomicFile.Write(directory, SnapshotRecord.FileName, record, 0b110_000_000, sync: false);
        }

        At.Rename(staging, name, _directory, containerId, RenameFlags.RENAME_NOREPLACE);
        _containers[containerId] = [.. layers];
    }

    internal void Remove(string containerId, TrashCan trash)
    {
        trash.Throw(_directory, containerId);
        _containers.Remove(containerId);
    }

    internal OwnedFd? OpenUpper(string containerId)
    {
        using OwnedFd? container = At.TryOpen(_directory, containerId, OpenFlags.O_PATH | OpenFlags.O_DIRECTORY, 0, out _);
        return container is null ? null : At.TryOpen(container, Upper, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY, 0, out _);
    }

    public void Dispose() => _directory.Dispose();

    // After a power cut a record may be empty. Its container is gone with it; it stays in the list so that whoever
    // recovers removes it.
    private IReadOnlyList<Digest> Read(string name)
    {
        try
        {
            using RootDirectory container = new(At.Open(_directory, name, OpenFlags.O_PATH | OpenFlags.O_DIRECTORY));
            byte[] bytes = container.ReadFile(SnapshotRecord.FileName, MaximumRecordBytes);
            return RecordFile.Decode(bytes, SnapshotJson.Default.SnapshotRecord, SnapshotRecord.Version, out _).Layers;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            return [];
        }
    }
}
