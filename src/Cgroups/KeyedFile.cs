// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Gantry.Cgroups;

/// <summary>Control files of lines "key value".</summary>
internal static class KeyedFile
{
    /// <returns><see langword="null"/>: no such key, or its value is no number.</returns>
    internal static ulong? Find(string? text, string key)
    {
        foreach (ReadOnlySpan<char> line in (text ?? "").AsSpan().EnumerateLines())
        {
            if (line.Length > key.Length && line[key.Length] == ' ' && line.StartsWith(key, StringComparison.Ordinal))
            {
                return Number(line[(key.Length + 1)..]);
            }
        }

        return null;
    }

    internal static ulong? Number(ReadOnlySpan<char> text) =>
        ulong.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value : null;
}
