// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Gantry.Oci.Image;

/// <summary>Reads documents that a registry sent: bounded, one meaning only, every field that is used later checked.</summary>
public static class ImageDocument
{
    /// <summary>Bytes of a manifest, index or configuration; registries agree on 4 MiB (distribution-spec, "Pushing Manifests").</summary>
    public const int MaxBytes = 4 * 1024 * 1024;

    /// <summary>Layers of an image: the kernel stacks at most 500.</summary>
    public const int MaxLayers = 500;

    /// <summary>Entries of an index (CVE-2026-53494).</summary>
    public const int MaxIndexEntries = 1000;

    private const int MaxRunEntries = 10_000;

    /// <summary>Tells manifest from index and checks that all marks agree (CVE-2021-41190).</summary>
    /// <param name="contentType">Media type that came with the bytes, without parameters; <see langword="null"/>: none.</param>
    /// <returns>One of the four media types of manifests and indexes.</returns>
    /// <exception cref="ImageDocumentException">Ambiguous, unknown, or schema 1.</exception>
    public static string MediaTypeOf(ReadOnlyMemory<byte> document, string? contentType)
    {
        using JsonDocument json = ParseRoot(document);
        JsonElement root = json.RootElement;
        string? declared = root.TryGetProperty("mediaType", out JsonElement member)
            ? member.ValueKind == JsonValueKind.String ? member.GetString() : throw new ImageDocumentException("mediaType: a string")
            : null;
        if (MediaTypes.IsSchema1(contentType) || MediaTypes.IsSchema1(declared) || root.TryGetProperty("fsLayers", out _))
        {
            throw new ImageDocumentException(
                "the image has a Docker schema 1 manifest, which was given up in 2019; push it again with a current client (schema 2 or OCI)",
                unsupported: true);
        }

        string type = Agreed(declared, contentType);
        RequireOneMeaning(root, type);
        return type;
    }

    /// <exception cref="ImageDocumentException">A field that is used later is missing, malformed or out of bounds.</exception>
    public static Manifest ReadManifest(ReadOnlyMemory<byte> document)
    {
        Manifest manifest = Read(document, ImageJson.Default.Manifest, "manifest");
        RequireSchema2(manifest.SchemaVersion);
        Descriptor config = CheckDescriptor(manifest.Config, "config");
        if (!MediaTypes.IsImageConfig(config.MediaType))
        {
            throw new ImageDocumentException(
                $"config.mediaType \"{UntrustedText.Quote(config.MediaType)}\": not a container image; accepted are {MediaTypes.OciConfig} and {MediaTypes.DockerConfig}",
                unsupported: true);
        }

        RequireAtMost(config.Size, MaxBytes, "config.size");
        IReadOnlyList<Descriptor> layers = manifest.Layers ?? throw new ImageDocumentException("layers: missing");
        RequireAtMost(layers.Count, MaxLayers, "layers");
        for (int i = 0; i < layers.Count; i++)
        {
            Descriptor layer = CheckDescriptor(layers[i], $"layers[{i}]");
            if (MediaTypes.CompressionOf(layer.MediaType) is null)
            {
                throw new ImageDocumentException($"layers[{i}].mediaType \"{UntrustedText.Quote(layer.MediaType)}\": a tar layer, plain, gzip or zstd", unsupported: true);
            }
        }

        return manifest;
    }

    /// <exception cref="ImageDocumentException">As <see cref="ReadManifest"/>.</exception>
    public static Index ReadIndex(ReadOnlyMemory<byte> document)
    {
        Index index = Read(document, ImageJson.Default.Index, "index");
        RequireSchema2(index.SchemaVersion);
        IReadOnlyList<Descriptor> manifests = index.Manifests ?? throw new ImageDocumentException("manifests: missing");
        RequireAtMost(manifests.Count, MaxIndexEntries, "manifests");
        for (int i = 0; i < manifests.Count; i++)
        {
            _ = CheckDescriptor(manifests[i], $"manifests[{i}]");
        }

        return index;
    }

    /// <exception cref="ImageDocumentException">As <see cref="ReadManifest"/>.</exception>
    public static ImageConfig ReadConfig(ReadOnlyMemory<byte> document)
    {
        ImageConfig config = Read(document, ImageJson.Default.ImageConfig, "image configuration");
        IReadOnlyList<Digest> diffIds = config.Rootfs?.DiffIds ?? throw new ImageDocumentException("rootfs.diff_ids: missing");
        RequireAtMost(diffIds.Count, MaxLayers, "rootfs.diff_ids");
        if (config.Rootfs.Type is not (null or "" or "layers"))
        {
            throw new ImageDocumentException($"rootfs.type \"{UntrustedText.Quote(config.Rootfs.Type)}\": layers");
        }

        CheckStrings(config.Run.Env, "config.Env");
        CheckStrings(config.Run.Entrypoint, "config.Entrypoint");
        CheckStrings(config.Run.Cmd, "config.Cmd");
        CheckStrings(config.Run.Shell, "config.Shell");
        CheckStrings(config.Run.Volumes, "config.Volumes");
        CheckStrings(config.Run.ExposedPorts, "config.ExposedPorts");
        CheckStrings(config.Run.Labels?.Values, "config.Labels");
        return config;
    }

    private static JsonDocument ParseRoot(ReadOnlyMemory<byte> document)
    {
        RequireAtMost(document.Length, MaxBytes, "document size in bytes");
        try
        {
            JsonDocument json = JsonDocument.Parse(document, new JsonDocumentOptions { MaxDepth = 32, AllowDuplicateProperties = false });
            return json.RootElement.ValueKind == JsonValueKind.Object
                ? json
                : throw new ImageDocumentException("the document is not a JSON object");
        }
        catch (JsonException e)
        {
            throw new ImageDocumentException($"the document is not valid JSON: {e.Message}", e);
        }
    }

    private static string Agreed(string? declared, string? contentType)
    {
        bool typed = contentType is not (null or "" or "application/json" or "application/octet-stream" or "text/plain");
        string? type = declared ?? (typed ? contentType : null);
        if (typed && declared is not null && !string.Equals(declared, contentType, StringComparison.Ordinal))
        {
            throw new ImageDocumentException(
                $"mediaType \"{UntrustedText.Quote(declared)}\" is not the type it was sent as, \"{UntrustedText.Quote(contentType)}\"");
        }

        return MediaTypes.IsManifest(type) || MediaTypes.IsIndex(type)
            ? type!
            : throw new ImageDocumentException(
                $"mediaType \"{UntrustedText.Quote(type)}\": accepted are {MediaTypes.OciManifest}, {MediaTypes.OciIndex}, {MediaTypes.DockerManifest} and {MediaTypes.DockerList}",
                unsupported: true);
    }

    private static void RequireOneMeaning(JsonElement root, string type)
    {
        bool index = root.TryGetProperty("manifests", out _);
        bool manifest = root.TryGetProperty("layers", out _) || root.TryGetProperty("config", out _);
        if (index && manifest)
        {
            throw new ImageDocumentException("the document has both manifests and layers or config: either an index or a manifest");
        }

        if (index != MediaTypes.IsIndex(type))
        {
            throw new ImageDocumentException($"mediaType {type} does not fit the document, which {(index ? "has" : "has no")} manifests");
        }
    }

    private static T Read<T>(ReadOnlyMemory<byte> document, JsonTypeInfo<T> type, string what)
    {
        RequireAtMost(document.Length, MaxBytes, $"{what} size in bytes");
        try
        {
            return JsonSerializer.Deserialize(document.Span, type)
                ?? throw new ImageDocumentException($"{what}: null");
        }
        catch (JsonException e)
        {
            throw new ImageDocumentException($"{what}: {UntrustedText.Quote(e.Path)}: {e.Message}", e);
        }
        catch (InvalidOperationException e)
        {
            // Text that is not UTF-8 inside a string: the reader throws this type.
            throw new ImageDocumentException($"{what}: {e.Message}", e);
        }
    }

    private static Descriptor CheckDescriptor(Descriptor? descriptor, string field)
    {
        if (descriptor is null || descriptor.Digest.IsEmpty)
        {
            throw new ImageDocumentException($"{field}.digest: missing");
        }

        return descriptor.Size >= 0
            ? descriptor
            : throw new ImageDocumentException($"{field}.size {descriptor.Size}: zero or more bytes");
    }

    private static void CheckStrings(IEnumerable<string?>? values, string field)
    {
        int count = 0;
        foreach (string? value in values ?? [])
        {
            RequireAtMost(++count, MaxRunEntries, field);
            if (value is null)
            {
                throw new ImageDocumentException($"{field}: strings, found null");
            }
        }
    }

    private static void RequireSchema2(int version)
    {
        if (version != 2)
        {
            throw new ImageDocumentException($"schemaVersion {version}: 2");
        }
    }

    private static void RequireAtMost(long value, long limit, string field)
    {
        if (value > limit)
        {
            throw new ImageDocumentException($"{field} {value}: at most {limit}");
        }
    }
}
