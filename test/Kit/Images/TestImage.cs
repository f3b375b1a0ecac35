// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;
using Gantry.Oci.Image;

namespace Gantry.Kit.Images;

/// <summary>An image as a registry has it: manifest, configuration, layers.</summary>
public sealed record TestImage
{
    public required TestBlob Manifest { get; init; }

    public required string MediaType { get; init; }

    public required TestBlob Config { get; init; }

    public required IReadOnlyList<TestLayer> Layers { get; init; }

    public Platform Platform { get; init; } = Platform.Local;

    /// <summary>Digest of the configuration.</summary>
    public Digest Id => Config.Digest;

    public IEnumerable<TestBlob> Blobs => Layers.Select(static l => l.Blob).Append(Config);

    /// <param name="run">What the image asks of a container.</param>
    /// <param name="docker">Docker's media types instead of OCI's.</param>
    public static TestImage Build(
        IReadOnlyList<TestLayer> layers, ImageRunConfig? run = null, Platform? platform = null, bool docker = false)
    {
        ArgumentNullException.ThrowIfNull(layers);
        Platform target = platform ?? Platform.Local;
        var config = new ImageConfig
        {
            Created = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000),
            Architecture = target.Architecture,
            Os = target.Os,
            Variant = target.Variant,
            Config = run ?? new ImageRunConfig(),
            Rootfs = new RootFs { Type = "layers", DiffIds = [.. layers.Select(static l => l.DiffId)] },
        };
        var blob = new TestBlob(JsonSerializer.SerializeToUtf8Bytes(config, ImageJson.Default.ImageConfig));
        return FromConfig(blob, layers, docker) with { Platform = target };
    }

    /// <summary>An image with any configuration document.</summary>
    public static TestImage FromConfig(TestBlob config, IReadOnlyList<TestLayer> layers, bool docker = false)
    {
        ArgumentNullException.ThrowIfNull(config);
        var manifest = new Manifest
        {
            SchemaVersion = 2,
            MediaType = docker ? MediaTypes.DockerManifest : MediaTypes.OciManifest,
            Config = new Descriptor
            {
                MediaType = docker ? MediaTypes.DockerConfig : MediaTypes.OciConfig,
                Digest = config.Digest,
                Size = config.Content.Length,
            },
            Layers =
            [
                .. layers.Select(l => new Descriptor
                {
                    MediaType = docker ? DockerType(l.MediaType) : l.MediaType,
                    Digest = l.Blob.Digest,
                    Size = l.Blob.Content.Length,
                }),
            ],
        };
        return new TestImage
        {
            Manifest = new TestBlob(JsonSerializer.SerializeToUtf8Bytes(manifest, ImageJson.Default.Manifest)),
            MediaType = manifest.MediaType,
            Config = config,
            Layers = layers,
        };
    }

    /// <summary>An index of several images.</summary>
    public static TestBlob Index(IEnumerable<TestImage> images, bool docker = false)
    {
        var index = new Gantry.Oci.Image.Index
        {
            SchemaVersion = 2,
            MediaType = docker ? MediaTypes.DockerList : MediaTypes.OciIndex,
            Manifests =
            [
                .. images.Select(static i => new Descriptor
                {
                    MediaType = i.MediaType,
                    Digest = i.Manifest.Digest,
                    Size = i.Manifest.Content.Length,
                    Platform = i.Platform,
                }),
            ],
        };
        return new TestBlob(JsonSerializer.SerializeToUtf8Bytes(index, ImageJson.Default.Index));
    }

    private static string DockerType(string ociType) => ociType switch
    {
        MediaTypes.OciLayerGzip => MediaTypes.DockerLayerGzip,
        MediaTypes.OciLayerZstd => MediaTypes.DockerLayerZstd,
        MediaTypes.OciLayer => MediaTypes.DockerLayer,
        _ => ociType,
    };
}
