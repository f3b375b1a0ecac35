// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Engine.Images;

/// <summary>How a request names an image.</summary>
public sealed record ImageSpec
{
    /// <summary>A reference, or an image id.</summary>
    public required string Image { get; init; }

    public IReadOnlyDictionary<string, string> Annotations { get; init; } = Empty.Map;

    /// <summary>What the user wrote, before the kubelet put an id in its place.</summary>
    public string UserSpecifiedImage { get; init; } = "";

    public string RuntimeHandler { get; init; } = "";

    public string ImageRef { get; init; } = "";
}

/// <summary>Credentials of one pull. Never logged, never stored.</summary>
public sealed record PullCredentials
{
    public string Username { get; init; } = "";

    public string Password { get; init; } = "";

    /// <summary>Base64 of <c>user:password</c>.</summary>
    public string Auth { get; init; } = "";

    /// <summary>The registry these credentials are for; empty: the image's.</summary>
    public string ServerAddress { get; init; } = "";

    public string IdentityToken { get; init; } = "";

    public string RegistryToken { get; init; } = "";

    public override string ToString() => "PullCredentials";
}

/// <summary>An image on this node.</summary>
public sealed record ImageInfo
{
    /// <summary>Digest of the image's configuration, <c>sha256:…</c>: the one id used everywhere.</summary>
    public required string Id { get; init; }

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary><c>repository@digest</c>.</summary>
    public IReadOnlyList<string> Digests { get; init; } = [];

    /// <summary>Bytes of the layers as downloaded.</summary>
    public ulong Size { get; init; }

    /// <summary>The number the image runs as, when it names one.</summary>
    public long? Uid { get; init; }

    /// <summary>The name the image runs as, when it names one.</summary>
    public string Username { get; init; } = "";

    public IReadOnlyDictionary<string, string> Annotations { get; init; } = Empty.Map;

    public bool Pinned { get; init; }
}

/// <summary>How far one layer of a pull has come.</summary>
/// <param name="Digest">The layer's.</param>
/// <param name="Done">Bytes downloaded.</param>
/// <param name="Total">Bytes in all; 0 when unknown.</param>
/// <param name="Status">Such as <c>downloading</c>, <c>unpacking</c>, <c>done</c>.</param>
public sealed record LayerProgress(string Digest, long Done, long Total, string Status);

/// <summary>What the image store takes.</summary>
/// <param name="Path">Root of the store.</param>
/// <param name="UsedBytes">Bytes.</param>
/// <param name="UsedInodes">Files.</param>
/// <param name="At">When it was measured.</param>
public sealed record ImageStoreUsage(string Path, ulong UsedBytes, ulong UsedInodes, DateTimeOffset At);
