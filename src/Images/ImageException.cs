// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Images;

/// <summary>Why a call on images failed; decides the status code at the front doors.</summary>
public enum ImageError
{
    /// <summary>The text is no reference or id, or an id prefix fits several images.</summary>
    InvalidReference,

    /// <summary>The registry, or this node, has no such image, or none for this platform.</summary>
    NotFound,

    /// <summary>Credentials are missing, wrong, or not enough.</summary>
    Unauthorized,

    /// <summary>The registry cannot be reached, is overloaded, or broke off.</summary>
    Unavailable,

    /// <summary>Content differs from what names it, or a document is malformed or ambiguous.</summary>
    Corrupt,

    /// <summary>A well-formed image that is not run here: schema 1, other artifacts, media types.</summary>
    Unsupported,

    /// <summary>The disk is full.</summary>
    NoSpace,

    /// <summary>A hosts.toml or credentials file is wrong.</summary>
    InvalidConfiguration,
}

/// <summary>An expected failure of a call on images.</summary>
public sealed class ImageException : Exception
{
    public ImageException(ImageError error, string message, Exception? innerException = null)
        : base(message, innerException) =>
        Error = error;

    public ImageError Error { get; }

    /// <summary>Host that answered or could not be reached; <see langword="null"/> when none was involved.</summary>
    public string? Host { get; init; }

    /// <summary>HTTP status; 0: no answer.</summary>
    public int StatusCode { get; init; }
}
