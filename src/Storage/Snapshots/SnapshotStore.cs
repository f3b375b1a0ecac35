// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Oci.Image;

namespace Gantry.Storage.Snapshots;

/// <summary>Unpacked layers and containers' writable layers under <c>&lt;root&gt;/snapshots</c>.</summary>
/// <remarks>
/// <code>
/// layers/&lt;chain id in hex&gt;/fs            a layer in overlayfs form, complete
/// layers/&lt;chain id in hex&gt;/unsynced      boot id; there until the layer is surely on disk
/// containers/&lt;id&gt;/{upper,work,snapshot.json}
/// empty                                 lower directory of an image without layers
/// staging/ trash/                       emptied at start
/// </code>
/// Everything appears by one rename out of staging and goes by one rename into trash, so a crash leaves nothing half
/// made. All members are thread safe.
/// </remarks>
public sealed class SnapshotStore : IAsyncDisposable
{
    // OVL_MAX_STACK of the kernel.
    private const int MaximumLayers = 500;

    private readonly Lock _gate = new();
    private readonly string _root;
    private readonly LayerIndex _layers;
    private readonly ContainerIndex _containers;
    private readonly OwnedFd _staging;
    private readonly TrashCan _trash;

    private SnapshotStore(string root)
    {
        _root = root;
        StoreDirectory.Make(root, "empty");
        _staging = StoreTree.Open(root, "staging");
        _trash = new TrashCan(StoreTree.Open(root, "trash"));
        foreach (string left in DirectoryReader.Names(_staging))
        {
            _trash.Throw(_staging, left);
        }

        string bootId = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        _layers = new LayerIndex(StoreTree.Open(root, "layers"), _trash, bootId);
        _containers = new ContainerIndex(StoreTree.Open(root, "containers"), bootId);
    }

    /// <summary>The last deletion that failed; what it left is tried again at the next start.</summary>
    public Exception? LastTrashFailure => _trash.LastFailure;

    /// <summary>Opens or makes the store, and removes what a crash left in staging and trash.</summary>
    /// <param name="root">Absolute path of gantryd's durable directory, such as /var/lib/gantry.</param>
    public static SnapshotStore Open(string root)
    {
        string path = StoreDirectory.Make(root, "snapshots");
        return StoreTree.Guarded(path, () => new SnapshotStore(path));
    }

    /// <summary>Is the layer with this chain id there, complete?</summary>
    public bool HasLayer(Digest chainId)
    {
        lock (_gate)
        {
            return _layers.Contains(chainId);
        }
    }

    /// <summary>A new empty directory to unpack a layer into.</summary>
    /// <exception cref="StorageException"><see cref="StorageError.NoSpace"/>.</exception>
    public LayerStaging StageLayer(Digest chainId)
    {
        string name = Guid.NewGuid().ToString("N");
        return StoreTree.Guarded(_root, () =>
        {
            using OwnedFd directory = StoreTree.Make(_staging, name, StoreTree.Private);
            try
            {
                return new LayerStaging(this, chainId, name, StoreTree.Make(directory, LayerIndex.Content, StoreTree.Public));
            }
            catch
            {
                Discard(name);
                throw;
            }
        });
    }

    /// <summary>Chain ids of all layers.</summary>
    public IReadOnlyList<Digest> Layers()
    {
        lock (_gate)
        {
            return _layers.All();
        }
    }

    /// <summary>Removes a layer; absent is success. The space comes back in the background.</summary>
    /// <exception cref="StorageException"><see cref="StorageError.Busy"/>: a container uses it.</exception>
    public void RemoveLayer(Digest chainId)
    {
        lock (_gate)
        {
            if (_containers.UserOf(chainId) is string user)
            {
                throw new StorageException(StorageError.Busy, $"layer {chainId}: used by container \"{user}\"");
            }

            _layers.Remove(chainId);
        }
    }

    /// <summary>Absolute paths of layers, topmost first, as far as they show through; at least one.</summary>
    /// <param name="chainIds">Chain ids of committed layers, base first.</param>
    /// <exception cref="StorageException">NotFound: a layer is missing.</exception>
    public IReadOnlyList<string> LayerPaths(IReadOnlyList<Digest> chainIds)
    {
        ArgumentNullException.ThrowIfNull(chainIds);
        lock (_gate)
        {
            RequireAll(chainIds, "an image");
            return Lower(chainIds);
        }
    }

    /// <summary>Makes the writable layer of a container; again with the same layers returns the same.</summary>
    /// <param name="containerId">1 to 64 letters, digits, <c>_</c>, <c>-</c> or <c>.</c>.</param>
    /// <param name="chainIds">Chain ids of the image's layers, base first, as in the image's configuration; at most 500.</param>
    /// <exception cref="StorageException">
    /// NotFound: a layer is missing. Busy: the container has other layers. NoSpace: nothing was made.
    /// </exception>
    public Snapshot Prepare(string containerId, IReadOnlyList<Digest> chainIds)
    {
        ArgumentNullException.ThrowIfNull(chainIds);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(chainIds.Count, MaximumLayers);
        StoreTree.CheckId(containerId);
        lock (_gate)
        {
            RequireAll(chainIds, $"container \"{containerId}\"");
            IReadOnlyList<Digest>? existing = _containers.Layers(containerId);
            if (existing is null)
            {
                StoreTree.Guarded(_root, () => Make(containerId, chainIds));
            }
            else if (!existing.SequenceEqual(chainIds))
            {
                throw new StorageException(StorageError.Busy, $"snapshot of container \"{containerId}\": exists with other layers");
            }

            return Describe(containerId, chainIds);
        }
    }

    /// <returns><see langword="null"/> when the container has no snapshot.</returns>
    public Snapshot? Find(string containerId)
    {
        lock (_gate)
        {
            return _containers.Layers(StoreTree.CheckId(containerId)) is { } layers ? Describe(containerId, layers) : null;
        }
    }

    /// <summary>Ids of the containers that have a snapshot.</summary>
    public IReadOnlyList<string> Containers()
    {
        lock (_gate)
        {
            return _containers.All();
        }
    }

    /// <summary>Removes a container's writable layer; absent is success. The space comes back in the background.</summary>
    public void Remove(string containerId)
    {
        StoreTree.CheckId(containerId);
        lock (_gate)
        {
            _containers.Remove(containerId, _trash);
        }
    }

    /// <summary>Counts the writable layer now: a walk over its files. An absent one takes nothing.</summary>
    /// <remarks>What lies deeper than 200 directories is not counted.</remarks>
    public SnapshotUsage Usage(string containerId, CancellationToken cancellationToken)
    {
        StoreTree.CheckId(containerId);
        using OwnedFd? upper = _containers.OpenUpper(containerId);
        return upper is null ? default : UsageWalk.Count(upper, cancellationToken);
    }

    /// <summary>Chain ids that containers use: garbage collection keeps these.</summary>
    public IReadOnlySet<Digest> UsedLayers()
    {
        lock (_gate)
        {
            return _containers.UsedLayers();
        }
    }

    /// <summary>Puts all committed layers on disk (syncfs): once per pull, before the image's record is written.</summary>
    /// <remarks>A layer that was not synced when the power went is not trusted afterwards.</remarks>
    public void Sync()
    {
        IReadOnlyList<Digest> pending;
        lock (_gate)
        {
            pending = _layers.Unsynced();
        }

        if (pending.Count == 0)
        {
            return;
        }

        OpenFile.SyncFileSystem(_staging);
        lock (_gate)
        {
            _layers.MarkSynced(pending);
        }
    }

    /// <summary>Waits until everything removed so far is deleted.</summary>
    public Task EmptyTrashAsync(CancellationToken cancellationToken) => _trash.EmptyAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _trash.DisposeAsync();
        _layers.Dispose();
        _containers.Dispose();
        _staging.Dispose();
    }

    internal void Commit(Digest chainId, string stagingName)
    {
        lock (_gate)
        {
            StoreTree.Guarded(_root, () => _layers.Add(chainId, _staging, stagingName));
        }
    }

    internal void Discard(string stagingName) => _trash.Throw(_staging, stagingName);

    private void RequireAll(IReadOnlyList<Digest> chainIds, string user)
    {
        if (chainIds.FirstOrDefault(id => !_layers.Contains(id)) is { IsEmpty: false } missing)
        {
            throw new StorageException(StorageError.NotFound, $"layer {missing} of {user}: not unpacked");
        }
    }

    private Snapshot Describe(string containerId, IReadOnlyList<Digest> chainIds)
    {
        string container = $"{_root}/containers/{containerId}";
        return new Snapshot(Lower(chainIds), $"{container}/upper", $"{container}/work");
    }

    private List<string> Lower(IReadOnlyList<Digest> chainIds)
    {
        List<string> lower = [];
        for (int i = chainIds.Count - 1; i >= 0; i--)
        {
            lower.Add($"{_root}/layers/{chainIds[i].Hex}/{LayerIndex.Content}");

            // overlayfs does not look at the mark on a layer's own directory, so what it hides is left out here.
            if (_layers.IsOpaque(chainIds[i]))
            {
                break;
            }
        }

        return lower.Count > 0 ? lower : [$"{_root}/empty"];
    }

    private bool Make(string containerId, IReadOnlyList<Digest> chainIds)
    {
        string name = Guid.NewGuid().ToString("N");
        try
        {
            FileStatus top = chainIds.Count > 0 ? _layers.Root(chainIds[^1]) : default;
            _containers.Make(containerId, chainIds, _staging, name, (top.Uid, top.Gid));
            return true;
        }
        catch
        {
            Discard(name);
            throw;
        }
    }
}
