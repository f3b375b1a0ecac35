// SPDX-License-Identifier: Apache-2.0
using Gantry.Oci.Image;
using Gantry.Storage.Gc;

namespace Gantry.Images;

/// <summary>Images on this node: pulled, found, removed. Reads are served from memory without a lock.</summary>
public sealed class ImageService
{
    /// <summary>Pulls an image. Equal requests share one pull; layers are fetched once however many images want them.</summary>
    /// <param name="progress">Reports per layer, a few times a second; a caller that joins late gets the present state first.</param>
    /// <param name="cancellationToken">Leaves the pull; the last caller to leave stops it.</param>
    /// <exception cref="ImageException">See <see cref="ImageError"/>.</exception>
    public Task<ImageRecord> PullAsync(
        PullRequest request, IProgress<PullProgress>? progress, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    public IReadOnlyCollection<ImageRecord> List() => throw new NotImplementedException();

    /// <summary>Finds by id, reference, digest or unambiguous id prefix, in this order.</summary>
    /// <returns><see langword="null"/> when it is not on this node.</returns>
    /// <exception cref="ImageException"><see cref="ImageError.InvalidReference"/>: neither a reference nor an id, or ambiguous.</exception>
    public ImageRecord? Find(string referenceOrId) => throw new NotImplementedException();

    /// <summary>Removes the image that <paramref name="referenceOrId"/> names with all its tags; layers in use stay until they are not.</summary>
    /// <returns>What was removed; <see langword="null"/> when absent, which is success (CRI: "This call is idempotent").</returns>
    public Task<ImageRecord?> RemoveAsync(string referenceOrId, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Removes content and layers that no image, container or running pull needs.</summary>
    public Task<CollectionResult> CollectAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Changes whether an image may be removed to gain space.</summary>
    /// <returns>The new record; <see langword="null"/> when absent.</returns>
    public ImageRecord? Pin(string referenceOrId, bool pinned) => throw new NotImplementedException();

    public ImageStoreUsage FsInfo() => throw new NotImplementedException();

    /// <summary>The configuration document, as the registry sent it.</summary>
    /// <exception cref="ImageException"><see cref="ImageError.NotFound"/>.</exception>
    public ReadOnlyMemory<byte> ReadConfig(Digest imageId) => throw new NotImplementedException();
}
