// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Engine;

internal static class LabelMatch
{
    /// <summary>Whether every wanted label is there with its value.</summary>
    internal static bool HasAll(IReadOnlyDictionary<string, string> labels, IReadOnlyDictionary<string, string> wanted)
    {
        if (wanted.Count == 0)
        {
            return true;
        }

        foreach ((string key, string value) in wanted)
        {
            if (!labels.TryGetValue(key, out string? found) || !string.Equals(found, value, StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }
}
