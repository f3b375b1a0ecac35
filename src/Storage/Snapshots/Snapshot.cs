// SPDX-License-Identifier: Apache-2.0
using System.Text.Json.Serialization;
using Gantry.Oci.Image;

namespace Gantry.Storage.Snapshots;

/// <summary>A container's root file system as data: what to give to an overlay mount.</summary>
/// <param name="Lower">Absolute paths of the layers, topmost first (the order of <c>lowerdir+</c>); at least one.</param>
/// <param name="Upper">Absolute path of the writable layer.</param>
/// <param name="Work">Absolute path of overlayfs's own directory, on the same file system.</param>
public sealed record Snapshot(IReadOnlyList<string> Lower, string Upper, string Work);

/// <summary>Space that a writable layer takes.</summary>
/// <param name="Bytes">Allocated bytes.</param>
/// <param name="Inodes">Files, directories and links, the layer's own directory included.</param>
public readonly record struct SnapshotUsage(long Bytes, long Inodes);

/// <summary>What stands beside a writable layer.</summary>
/// <param name="Layers">Chain ids, base first.</param>
internal sealed record SnapshotRecord(IReadOnlyList<Digest> Layers)
{
    internal const string FileName = "snapshot.json";
    internal const int Version = 1;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SnapshotRecord))]
internal sealed partial class SnapshotJson : JsonSerializerContext;
