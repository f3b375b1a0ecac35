// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Oci.Image;

/// <summary>A reference to content: OCI image-spec 1.1, descriptor.md.</summary>
public sealed record Descriptor
{
    public string? MediaType { get; init; }

    public Digest Digest { get; init; }

    /// <value>Bytes, zero or more.</value>
    public long Size { get; init; }

    /// <summary>In an index: what the manifest runs on.</summary>
    public Platform? Platform { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    public string? ArtifactType { get; init; }
}

/// <summary>An image for one platform: OCI manifest, or Docker's image manifest version 2, schema 2.</summary>
public sealed record Manifest
{
    public int SchemaVersion { get; init; }

    public string? MediaType { get; init; }

    public string? ArtifactType { get; init; }

    public Descriptor? Config { get; init; }

    /// <summary>File-system layers, the lowest first.</summary>
    public IReadOnlyList<Descriptor>? Layers { get; init; }

    public Descriptor? Subject { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}

/// <summary>Images for several platforms: OCI index, or Docker's manifest list.</summary>
public sealed record Index
{
    public int SchemaVersion { get; init; }

    public string? MediaType { get; init; }

    public string? ArtifactType { get; init; }

    public IReadOnlyList<Descriptor>? Manifests { get; init; }

    public Descriptor? Subject { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}
