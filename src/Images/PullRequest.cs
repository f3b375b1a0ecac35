// SPDX-License-Identifier: Apache-2.0
using Gantry.Oci.Image;

namespace Gantry.Images;

/// <summary>What to pull.</summary>
public sealed record PullRequest
{
    /// <summary>Name of the image; a digest wins over a tag.</summary>
    public required ImageReference Reference { get; init; }

    /// <summary>For this pull only; <see langword="null"/>: those of the node's credentials file, or none.</summary>
    public RegistryCredentials? Credentials { get; init; }

    /// <summary><see langword="null"/>: the platform of this node.</summary>
    public Platform? Platform { get; init; }

    /// <summary>What the user wrote, before defaults were put in; kept for people to read.</summary>
    public string UserSpecified { get; init; } = "";
}

/// <summary>Credentials of one registry. Never logged, never stored.</summary>
/// <remarks>Fields as in CRI's AuthConfig. The first that is set wins: registry token, identity token, name and password, auth.</remarks>
public sealed record RegistryCredentials
{
    public string Username { get; init; } = "";

    public string Password { get; init; } = "";

    /// <summary>Base64 of <c>user:password</c>.</summary>
    public string Auth { get; init; } = "";

    /// <summary>The registry these are for; empty: the image's own. They are sent to no other.</summary>
    public string ServerAddress { get; init; } = "";

    /// <summary>OAuth2 refresh token, traded for a bearer token.</summary>
    public string IdentityToken { get; init; } = "";

    /// <summary>Bearer token, sent as it is.</summary>
    public string RegistryToken { get; init; } = "";

    public override string ToString() => nameof(RegistryCredentials);
}

public enum PullPhase
{
    /// <summary>Looking up what the reference names. <see cref="PullProgress.Layer"/> is empty.</summary>
    Resolving,

    Waiting,

    /// <summary>Bytes arrive, and are unpacked as they do.</summary>
    Downloading,

    /// <summary>All bytes are here; the rest of them is being unpacked and checked.</summary>
    Unpacking,

    Done,

    /// <summary>The layer was here already.</summary>
    Exists,
}

/// <summary>How far one layer has come.</summary>
/// <param name="Layer">Digest of the compressed layer.</param>
/// <param name="Offset">Bytes that are here.</param>
/// <param name="Total">Bytes in all.</param>
public sealed record PullProgress(Digest Layer, PullPhase Phase, long Offset, long Total);
