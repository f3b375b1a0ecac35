// SPDX-License-Identifier: Apache-2.0
using Gantry.Images.Unpack;
using Gantry.Oci.Image;
using Gantry.Storage;
using ZstdSharp;

namespace Gantry.Images.Pulling;

/// <summary>Gives every expected failure below a pull its kind; others pass as they are.</summary>
internal static class PullFailures
{
    /// <param name="what">What failed, such as <c>layer sha256:…</c>.</param>
    /// <param name="root">The store, for a full disk.</param>
    /// <param name="needed">Bytes still to be written; 0: unknown.</param>
    /// <returns><see langword="null"/>: not expected.</returns>
    internal static ImageException? Map(Exception failure, string what, string root, long needed) => failure switch
    {
        ImageException e => e,
        StorageException { Error: StorageError.NoSpace } e => new ImageException(ImageError.NoSpace, $"{what}: {e.Message}", e),
        StorageException { Error: StorageError.Busy } e => new ImageException(ImageError.Unavailable, $"{what}: {e.Message}", e),
        StorageException e => new ImageException(ImageError.Corrupt, $"{what}: {e.Message}", e),
        ImageDocumentException { Unsupported: true } e => new ImageException(ImageError.Unsupported, $"{what}: {e.Message}", e),
        ImageDocumentException e => new ImageException(ImageError.Corrupt, $"{what}: {e.Message}", e),
        LayerException e => new ImageException(ImageError.Corrupt, $"{what}: {e.Message}", e),
        IOException e when StorageException.IsNoSpace(e) =>
            new ImageException(ImageError.NoSpace, $"{what}: {StorageException.NoSpace(root, needed).Message}", e),
        InvalidDataException or ZstdException or EndOfStreamException =>
            new ImageException(ImageError.Corrupt, $"{what}: damaged compression: {failure.Message}", failure),
        _ => null,
    };
}
