// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Oci.Image;

/// <summary>A manifest, index or image configuration that is not what it must be. The message names the field.</summary>
public sealed class ImageDocumentException : Exception
{
    /// <param name="unsupported">The document is well formed; what it describes is not run here.</param>
    public ImageDocumentException(string message, bool unsupported = false)
        : base(message) =>
        Unsupported = unsupported;

    public ImageDocumentException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Another kind of thing, not a damaged one: schema 1, an artifact, an unknown layer format.</summary>
    public bool Unsupported { get; }
}
