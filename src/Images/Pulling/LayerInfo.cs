// SPDX-License-Identifier: Apache-2.0
using System.Text.Json.Serialization;
using Gantry.Oci.Image;

namespace Gantry.Images.Pulling;

/// <summary>What an unpacked layer takes, so that nobody has to walk over it.</summary>
/// <param name="Bytes">File content.</param>
/// <param name="Inodes">Entries.</param>
internal sealed record LayerInfo(long Bytes, long Inodes);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LayerInfo))]
[JsonSerializable(typeof(ImageRecord))]
internal sealed partial class ImagesJson : JsonSerializerContext
{
    /// <summary>Key of a digest in a record store.</summary>
    internal static string KeyOf(Digest digest) => digest.ToString().Replace(':', '-');
}
