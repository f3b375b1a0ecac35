// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;

namespace Gantry.Network.Builtin;

/// <summary>Finds other tables whose forward chain drops by default: an accept in our table cannot override that.</summary>
internal static class ForwardPolicies
{
    /// <param name="chains">JSON of <c>nft -j list chains</c>.</param>
    /// <returns>"table inet filter chain FORWARD", …</returns>
    internal static IReadOnlyList<string> Dropping(string chains, string ownTable)
    {
        if (chains.Length == 0)
        {
            return [];
        }

        using JsonDocument document = JsonDocument.Parse(chains);
        List<string> found = [];
        if (!document.RootElement.TryGetProperty("nftables", out JsonElement items))
        {
            return found;
        }

        foreach (JsonElement item in items.EnumerateArray())
        {
            if (item.TryGetProperty("chain", out JsonElement chain)
                && Text(chain, "hook") == "forward" && Text(chain, "policy") == "drop" && Text(chain, "table") != ownTable)
            {
                found.Add($"table {Text(chain, "family")} {Text(chain, "table")} chain {Text(chain, "name")}");
            }
        }

        return found;
    }

    private static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) ? value.GetString() ?? "" : "";
}
