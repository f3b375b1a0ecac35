// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Engine.Images;

/// <summary>Images, as the front ends see them.</summary>
public sealed class ImageEngine
{
    /// <summary>Pulls an image unless it is complete already; one pull per digest however many ask.</summary>
    /// <param name="credentials"><see langword="null"/>: those of the node's configuration.</param>
    /// <param name="progress">Reports per layer; may be <see langword="null"/>.</param>
    /// <returns>The image's id.</returns>
    public Task<string> PullAsync(
        ImageSpec image,
        PullCredentials? credentials,
        IProgress<LayerProgress>? progress,
        CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <param name="image">Reference or id; <see langword="null"/> or empty: all of them.</param>
    public IReadOnlyList<ImageInfo> List(string? image) => throw new NotImplementedException();

    /// <returns><see langword="null"/> when the image is absent.</returns>
    public ImageInfo? Status(string image) => throw new NotImplementedException();

    /// <summary>Removes the image with all its tags. Absent: success.</summary>
    public Task RemoveAsync(string image, CancellationToken cancellationToken) => throw new NotImplementedException();

    public ImageStoreUsage Usage() => throw new NotImplementedException();

    /// <summary>Removes content and snapshots that nothing refers to.</summary>
    /// <returns>Bytes set free.</returns>
    public Task<long> CollectGarbageAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
}
