// SPDX-License-Identifier: Apache-2.0
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Gantry.Engine.Records;

/// <summary>Tells whether two requests ask for the same. The order of map entries does not count: clients send maps in any order.</summary>
internal static class Fingerprint
{
    internal static string Of<T>(T request, JsonTypeInfo<T> type)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, JsonSerializer.SerializeToElement(request, type));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // As deep as our own record types, whose depth is fixed.
    private static void Append(IncrementalHash hash, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                Append(hash, "{");
                foreach (JsonProperty property in element.EnumerateObject().OrderBy(static p => p.Name, StringComparer.Ordinal))
                {
                    Append(hash, $"{property.Name.Length}:{property.Name}");
                    Append(hash, property.Value);
                }

                Append(hash, "}");
                break;
            case JsonValueKind.Array:
                Append(hash, "[");
                foreach (JsonElement item in element.EnumerateArray())
                {
                    Append(hash, item);
                }

                Append(hash, "]");
                break;
            default:
                string raw = element.GetRawText();
                Append(hash, $"{raw.Length}:{raw}");
                break;
        }
    }

    private static void Append(IncrementalHash hash, string text) => hash.AppendData(Encoding.UTF8.GetBytes(text));
}
