// SPDX-License-Identifier: Apache-2.0
using System.Text.Json.Serialization;
using Gantry.Oci.Image;

namespace Gantry.Images;

/// <summary>An image that is complete on this node.</summary>
public sealed record ImageRecord
{
    /// <summary>Digest of the configuration: the one id used everywhere.</summary>
    public required Digest Id { get; init; }

    /// <summary>Canonical references by tag, such as <c>docker.io/library/busybox:latest</c>.</summary>
    public IReadOnlyList<string> RepoTags { get; init; } = [];

    /// <summary>Canonical references by digest of what the registry named: <c>docker.io/library/busybox@sha256:…</c>.</summary>
    public IReadOnlyList<string> RepoDigests { get; init; } = [];

    /// <value>Bytes of manifest, configuration and compressed layers.</value>
    public long Size { get; init; }

    /// <summary>The lowest first.</summary>
    public IReadOnlyList<LayerRecord> Layers { get; init; } = [];

    /// <summary>Manifest, and index if there is one: content that the image keeps besides configuration and layers.</summary>
    public IReadOnlyList<Digest> Documents { get; init; } = [];

    public ImageConfig Config { get; init; } = new();

    /// <summary>Not to be removed to gain space.</summary>
    public bool Pinned { get; init; }

    public DateTimeOffset PulledAt { get; init; }

    /// <summary>What the user wrote at the last pull.</summary>
    public string UserSpecified { get; init; } = "";

    /// <summary>Chain ids of the layers, the lowest first: what Storage/Snapshots stacks for a container.</summary>
    [JsonIgnore]
    public IReadOnlyList<Digest> ChainIds => [.. Layers.Select(static l => l.ChainId)];
}

/// <param name="Digest">Of the layer as downloaded.</param>
/// <param name="DiffId">Of the tar stream in it.</param>
/// <param name="ChainId">Of this layer on all those below.</param>
/// <param name="Size">Bytes as downloaded.</param>
public sealed record LayerRecord(Digest Digest, Digest DiffId, Digest ChainId, long Size);

/// <summary>What the image store takes.</summary>
/// <param name="Path">Root of the store.</param>
public sealed record ImageStoreUsage(string Path, long UsedBytes, long UsedInodes, DateTimeOffset MeasuredAt);
