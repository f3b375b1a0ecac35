// SPDX-License-Identifier: Apache-2.0
using System.Security.Cryptography;

namespace Gantry.Engine;

internal static class Ids
{
    private const int Bytes = 32;
    private const int ShortLength = 12;

    /// <summary>64 lower-case hex digits that nobody can guess.</summary>
    internal static string New() => RandomNumberGenerator.GetHexString(Bytes * 2, lowercase: true);

    internal static string Short(string id) => id.Length <= ShortLength ? id : id[..ShortLength];
}
