// SPDX-License-Identifier: Apache-2.0
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Text;
using Gantry.Images.Distribution;
using Gantry.Images.Pulling;
using Gantry.Oci.Image;
using Gantry.Storage;
using Gantry.Storage.Content;
using Gantry.Storage.Gc;
using Gantry.Storage.Leases;
using Gantry.Storage.Records;
using Gantry.Storage.Snapshots;

namespace Gantry.Images;

/// <summary>Images on this node: pulled, found, removed. Reads are served from memory without a lock.</summary>
public sealed class ImageService : IDisposable
{
    private readonly string _root;
    private readonly ContentStore _content;
    private readonly SnapshotStore _snapshots;
    private readonly LeaseStore _leases;
    private readonly RecordStore<LayerInfo> _layerInfos;
    private readonly ImageCatalog _catalog;
    private readonly GarbageCollector _collector;
    private readonly HttpClients _clients = new();
    private readonly LayerPuller _layers;
    private readonly ImagePuller _puller;
    private readonly SharedWork<string, ImageRecord> _pulls = new();
    private readonly TimeProvider _clock;

    private ImageService(ImageServiceOptions options, SnapshotStore snapshots)
    {
        _root = options.Root;
        _clock = options.Clock;
        _snapshots = snapshots;
        _content = ContentStore.Open(options.Root);
        _leases = LeaseStore.Open(options.Root, options.Clock);
        _layerInfos = RecordStore.Open(
            Path.Combine(options.Root, "layers"), ImagesJson.Default.LayerInfo, 1, RecordDurability.Process);
        _catalog = ImageCatalog.Open(options.Root, record => record.Layers.All(l => snapshots.HasLayer(l.ChainId)));
        _collector = new GarbageCollector(_content, snapshots, _leases, _catalog.Roots);
        _layers = new LayerPuller(_content, snapshots, _layerInfos, options);
        _puller = new ImagePuller(_content, snapshots, _leases, _layers, _catalog, _clients, options);
    }

    /// <summary>Image records that could not be read at the start; those images are pulled again when they are wanted.</summary>
    public IReadOnlyList<QuarantinedRecord> Quarantined => _catalog.Quarantined;

    /// <summary>Opens the image store. An image whose layers are not all there is forgotten.</summary>
    /// <param name="snapshots">Under the same root; owned by the caller.</param>
    public static ImageService Open(ImageServiceOptions options, SnapshotStore snapshots)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(snapshots);
        return new ImageService(options, snapshots);
    }

    /// <summary>Pulls an image. Equal requests share one pull; layers are fetched once however many images want them.</summary>
    /// <param name="progress">Reports per layer, a few times a second; a caller that joins late gets the present state first. It must not block.</param>
    /// <param name="cancellationToken">Leaves the pull; the last caller to leave stops it.</param>
    /// <exception cref="ImageException">See <see cref="ImageError"/>.</exception>
    public async Task<ImageRecord> PullAsync(
        PullRequest request, IProgress<PullProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        SharedResult<ImageRecord> result = await _pulls.RunAsync(
            KeyOf(request), (hub, token) => _puller.PullAsync(request, hub, token), progress, cancellationToken);
        if (result.Failure is not null)
        {
            ExceptionDispatchInfo.Throw(result.Failure);
        }

        return result.Value!;
    }

    public IReadOnlyCollection<ImageRecord> List() => _catalog.All;

    /// <summary>Finds by id, reference, digest or unambiguous id prefix, in this order.</summary>
    /// <returns><see langword="null"/> when it is not on this node.</returns>
    /// <exception cref="ImageException"><see cref="ImageError.InvalidReference"/>: neither a reference nor an id, or ambiguous.</exception>
    public ImageRecord? Find(string referenceOrId) => _catalog.Find(referenceOrId);

    /// <summary>Removes the image that <paramref name="referenceOrId"/> names with all its tags; layers in use stay until they are not.</summary>
    /// <returns>What was removed; <see langword="null"/> when absent, which is success (CRI: "This call is idempotent").</returns>
    public async Task<ImageRecord?> RemoveAsync(string referenceOrId, CancellationToken cancellationToken)
    {
        ImageRecord? removed = _catalog.Remove(referenceOrId);
        if (removed is not null)
        {
            await CollectAsync(cancellationToken);
        }

        return removed;
    }

    /// <summary>Removes content and layers that no image, container or running pull needs.</summary>
    public async Task<CollectionResult> CollectAsync(CancellationToken cancellationToken)
    {
        CollectionResult result = _collector.Collect();
        foreach (Digest layer in result.Layers.Where(l => !_snapshots.HasLayer(l)))
        {
            _layerInfos.Remove(ImagesJson.KeyOf(layer));
        }

        await _snapshots.EmptyTrashAsync(cancellationToken);
        return result;
    }

    /// <summary>Makes the writable layer of a container on the image's layers, while no collection can take them away.</summary>
    /// <exception cref="ImageException"><see cref="ImageError.NotFound"/>: the image is not, or no longer, here.</exception>
    public Snapshot Prepare(string containerId, Digest imageId)
    {
        Snapshot? snapshot = null;
        _leases.WhileHeld(_ =>
        {
            ImageRecord image = _catalog.Find(imageId.ToString()) ?? throw Absent(imageId);
            snapshot = _snapshots.Prepare(containerId, image.ChainIds);
        });
        return snapshot!;
    }

    /// <summary>Changes whether an image may be removed to gain space.</summary>
    /// <returns>The new record; <see langword="null"/> when absent.</returns>
    public ImageRecord? Pin(string referenceOrId, bool pinned) =>
        _catalog.Update(referenceOrId, record => record with { Pinned = pinned });

    /// <summary>What images take: content and unpacked layers, from memory.</summary>
    public ImageStoreUsage FsInfo()
    {
        long bytes = _content.UsedBytes;
        long inodes = _content.Count;
        foreach (LayerInfo layer in _layerInfos.Values)
        {
            bytes += layer.Bytes;
            inodes += layer.Inodes;
        }

        return new ImageStoreUsage(_root, bytes, inodes, _clock.GetUtcNow());
    }

    /// <summary>The configuration document, as the registry sent it.</summary>
    /// <exception cref="ImageException"><see cref="ImageError.NotFound"/>.</exception>
    public ReadOnlyMemory<byte> ReadConfig(Digest imageId)
    {
        try
        {
            return _content.Read(imageId, ImageDocument.MaxBytes);
        }
        catch (StorageException e) when (e.Error == StorageError.NotFound)
        {
            throw Absent(imageId);
        }
    }

    /// <summary>Call it when no pull is under way any more.</summary>
    public void Dispose()
    {
        _layers.Dispose();
        _clients.Dispose();
    }

    private static ImageException Absent(Digest imageId) => new(ImageError.NotFound, $"image {imageId}: not on this node");

    /// <summary>Pulls are shared between callers with the same rights only.</summary>
    private static string KeyOf(PullRequest request)
    {
        RegistryCredentials c = request.Credentials ?? new RegistryCredentials();
        string[] secrets = [c.Username, c.Password, c.Auth, c.ServerAddress, c.IdentityToken, c.RegistryToken];
        byte[] rights = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', secrets)));
        return $"{request.Reference} {(request.Platform ?? Platform.Local).Normalize()} {Convert.ToHexStringLower(rights)}";
    }
}
