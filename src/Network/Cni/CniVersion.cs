// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Network.Cni;

/// <summary>The versions of the CNI specification that this runtime speaks.</summary>
internal static class CniVersion
{
    internal const string V040 = "0.4.0";
    internal const string V100 = "1.0.0";
    internal const string V110 = "1.1.0";

    /// <summary>Oldest first.</summary>
    internal static readonly IReadOnlyList<string> Supported = ["0.3.0", "0.3.1", V040, V100, V110];

    internal static bool IsSupported(string version) => Supported.Contains(version);

    internal static bool AtLeast(string version, string other) => Rank(version) >= Rank(other);

    /// <returns><see langword="null"/>: none of them is supported.</returns>
    internal static string? Highest(IEnumerable<string> versions) => versions.Where(IsSupported).MaxBy(Rank);

    private static int Rank(string version)
    {
        for (int i = 0; i < Supported.Count; i++)
        {
            if (Supported[i] == version)
            {
                return i;
            }
        }

        return -1;
    }
}
