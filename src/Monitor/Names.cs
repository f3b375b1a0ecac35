// SPDX-License-Identifier: Apache-2.0
using System.Buffers;

namespace Gantry.Monitor;

/// <summary>Ids that become names of files and cgroups.</summary>
internal static class Names
{
    internal const string Accepted = "1 to 128 letters, digits, '-', '_' and '.', not with a '.' first";
    private const int MaxLength = 128;

    private static readonly SearchValues<char> s_allowed =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

    internal static bool IsValid(string name) =>
        name.Length is > 0 and <= MaxLength && name[0] != '.' && !name.AsSpan().ContainsAnyExcept(s_allowed);
}
