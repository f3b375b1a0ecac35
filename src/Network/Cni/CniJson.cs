// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;

namespace Gantry.Network.Cni;

/// <summary>Reads JSON that others wrote: bounded depth, no name twice, every string readable. What passes cannot fail later.</summary>
internal static class CniJson
{
    internal const int MaxDepth = 32;

    /// <param name="what">For the message.</param>
    /// <param name="depth">Levels of nesting accepted.</param>
    /// <exception cref="FormatException">It is no JSON object.</exception>
    internal static JsonObject ParseObject(ReadOnlySpan<byte> json, string what, int depth = MaxDepth)
    {
        try
        {
            if (!Utf8.IsValid(json))
            {
                throw new FormatException($"{what} is no JSON: not UTF-8");
            }

            JsonObject root = JsonNode.Parse(json, nodeOptions: null, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = depth }) as JsonObject
                ?? throw new FormatException($"{what}: a JSON object");
            ReadStrings(root);
            return root;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException($"{what} is no JSON: {e.Message}", e);
        }
    }

    /// <returns><see langword="null"/>: absent, or no string.</returns>
    internal static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    /// <summary>The parser leaves escapes unread; half a surrogate pair would throw when somebody looks at it.</summary>
    private static void ReadStrings(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject item:
                foreach ((_, JsonNode? value) in item)
                {
                    ReadStrings(value);
                }

                break;
            case JsonArray list:
                foreach (JsonNode? value in list)
                {
                    ReadStrings(value);
                }

                break;
            case JsonValue value:
                value.TryGetValue(out string? _);
                break;
        }
    }
}
