// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Oci.Image;

/// <summary>A manifest, index or image configuration that is not what it must be. The message names the field.</summary>
public sealed class ImageDocumentException : Exception
{
    public ImageDocumentException(string message)
        : base(message)
    {
    }

    public ImageDocumentException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
