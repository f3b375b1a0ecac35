// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop;
using Gantry.Oci.Image;

namespace Gantry.Storage.Snapshots;

/// <summary>A layer being unpacked. Disposed without <see cref="Commit"/> it is removed.</summary>
public sealed class LayerStaging : IDisposable
{
    private readonly SnapshotStore _store;
    private readonly OwnedFd _directory;
    private readonly string _name;
    private bool _ended;

    internal LayerStaging(SnapshotStore store, Digest chainId, string name, OwnedFd directory)
    {
        _store = store;
        ChainId = chainId;
        _name = name;
        _directory = directory;
    }

    public Digest ChainId { get; }

    /// <summary>Where to unpack: empty, 0755, root's. Owned by this object.</summary>
    public SafeHandle Directory => _directory;

    /// <summary>Makes the layer visible by one rename. A layer of the same chain id that came first is kept instead.</summary>
    /// <exception cref="StorageException"><see cref="StorageError.NoSpace"/>; the staging can still be disposed.</exception>
    public void Commit()
    {
        ObjectDisposedException.ThrowIf(_ended, this);
        _store.Commit(ChainId, _name);
        _ended = true;
    }

    public void Dispose()
    {
        _directory.Dispose();
        if (!_ended)
        {
            _ended = true;
            _store.Discard(_name);
        }
    }
}
