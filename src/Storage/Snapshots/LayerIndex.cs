// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Oci.Image;

namespace Gantry.Storage.Snapshots;

/// <summary>The committed layers. Not thread safe: the store's gate guards it.</summary>
internal sealed class LayerIndex : IDisposable
{
    internal const string Content = "fs";

    // A rename can reach the disk before the data of the files does. The mark tells such a layer after a power cut: it
    // is there with another boot id, and goes only after syncfs.
    private const string UnsyncedMark = "unsynced";
    private const int MaximumMarkBytes = 128;

    private readonly OwnedFd _directory;
    private readonly TrashCan _trash;
    private readonly byte[] _bootId;
    private readonly Dictionary<Digest, Layer> _layers = [];

    internal LayerIndex(OwnedFd directory, TrashCan trash, string bootId)
    {
        _directory = directory;
        _trash = trash;
        _bootId = Encoding.ASCII.GetBytes(bootId);
        foreach (string name in DirectoryReader.Names(directory))
        {
            Load(name);
        }
    }

    internal bool Contains(Digest chainId) => _layers.ContainsKey(chainId);

    internal IReadOnlyList<Digest> All() => [.. _layers.Keys];

    internal IReadOnlyList<Digest> Unsynced() => [.. _layers.Where(static l => !l.Value.Synced).Select(static l => l.Key)];

    /// <returns><see langword="false"/>: the layer was there already, the new one is thrown away.</returns>
    internal bool Add(Digest chainId, OwnedFd staging, string name)
    {
        if (_layers.ContainsKey(chainId))
        {
            _trash.Throw(staging, name);
            return false;
        }

        using (OwnedFd directory = At.Open(staging, name, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY))
        {
            AtomicFile.Write(directory, UnsyncedMark, _bootId, 0b110_000_000, sync: false);
        }

        At.Rename(staging, name, _directory, chainId.Hex, RenameFlags.RENAME_NOREPLACE);
        _layers[chainId] = new Layer();
        return true;
    }

    internal void Remove(Digest chainId)
    {
        _trash.Throw(_directory, chainId.Hex);
        _layers.Remove(chainId);
    }

    internal void MarkSynced(IReadOnlyList<Digest> chainIds)
    {
        foreach (Digest chainId in chainIds)
        {
            if (_layers.TryGetValue(chainId, out Layer? layer))
            {
                using OwnedFd directory = Open(chainId.Hex);
                At.TryUnlink(directory, UnsyncedMark);
                layer.Synced = true;
            }
        }
    }

    /// <summary>The whole layer is opaque: no layer below shows through.</summary>
    internal bool IsOpaque(Digest chainId)
    {
        Layer layer = _layers[chainId];
        if (layer.Opaque is null)
        {
            using OwnedFd content = OpenContent(chainId.Hex);
            layer.Opaque = Xattr.Get(content, "trusted.overlay.opaque") is [(byte)'y'];
        }

        return layer.Opaque.Value;
    }

    /// <summary>The layer's own directory.</summary>
    internal FileStatus Root(Digest chainId)
    {
        using OwnedFd content = OpenContent(chainId.Hex);
        return OpenFile.Status(content);
    }

    public void Dispose() => _directory.Dispose();

    private OwnedFd Open(string name) => At.Open(_directory, name, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);

    private OwnedFd OpenContent(string name)
    {
        using OwnedFd directory = Open(name);
        return At.Open(directory, Content, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
    }

    private void Load(string name)
    {
        string algorithm = name.Length == 128 ? "sha512:" : "sha256:";
        if (!Digest.TryParse(algorithm + name, out Digest chainId) || !IsTrusted(name, out bool synced))
        {
            _trash.Throw(_directory, name);
            return;
        }

        _layers[chainId] = new Layer { Synced = synced };
    }

    private bool IsTrusted(string name, out bool synced)
    {
        using RootDirectory layer = new(Open(name));
        byte[]? mark = layer.TryReadFile(UnsyncedMark, MaximumMarkBytes, out _);
        synced = mark is null;
        return (mark is null || mark.AsSpan().SequenceEqual(_bootId)) && layer.Exists(Content);
    }

    private sealed class Layer
    {
        internal bool Synced { get; set; }

        internal bool? Opaque { get; set; }
    }
}
