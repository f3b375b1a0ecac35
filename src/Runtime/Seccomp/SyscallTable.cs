// SPDX-License-Identifier: Apache-2.0
using System.Collections.Frozen;
using System.Globalization;

namespace Gantry.Runtime.Seccomp;

/// <summary>Instruction sets whose calls a filter can tell apart.</summary>
internal enum SyscallArchitecture
{
    X86_64,
    X32,
    X86,
    Arm64,
    Arm,
}

internal static partial class SyscallTable
{
    private const int Columns = 5;
    private const uint X32Bit = 0x4000_0000;

    private static readonly Lazy<FrozenDictionary<string, uint?[]>> s_numbers = new(Parse);

    /// <summary>Names of all calls of all architectures.</summary>
    internal static IEnumerable<string> Names => s_numbers.Value.Keys;

    /// <summary>The numbers of a call, by <see cref="SyscallArchitecture"/>.</summary>
    /// <returns><see langword="null"/>: nobody has such a call.</returns>
    internal static uint?[]? Numbers(string name) => s_numbers.Value.GetValueOrDefault(name);

    /// <summary>The number that a filter sees in <c>seccomp_data.nr</c>: for x32 with bit 30.</summary>
    /// <returns><see langword="null"/>: the architecture has no such call, or nobody has.</returns>
    internal static uint? Number(string name, SyscallArchitecture architecture) =>
        Numbers(name)?[(int)architecture];

    private static FrozenDictionary<string, uint?[]> Parse()
    {
        Dictionary<string, uint?[]> table = new(512);
        foreach (Range range in Rows.AsSpan().Split(';'))
        {
            string[] fields = Rows[range].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length == Columns + 1)
            {
                table.Add(fields[0], [.. fields[1..].Select((text, column) => ParseNumber(text, fields[1], (SyscallArchitecture)column))]);
            }
        }

        return table.ToFrozenDictionary();
    }

    private static uint? ParseNumber(string text, string x64, SyscallArchitecture architecture)
    {
        string digits = text == "=" ? x64 : text;
        if (digits == "-")
        {
            return null;
        }

        uint number = uint.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
        return architecture == SyscallArchitecture.X32 ? number | X32Bit : number;
    }
}
