// SPDX-License-Identifier: Apache-2.0
using System.Text;

namespace Gantry.Images.Unpack;

/// <summary>Names from an archive in messages: bounded, and without what could forge a log line.</summary>
internal static class EntryText
{
    private const int MaximumShown = 200;

    internal static string Show(ReadOnlySpan<byte> name)
    {
        StringBuilder text = new();
        foreach (Rune rune in Encoding.UTF8.GetString(name[..Math.Min(name.Length, MaximumShown)]).EnumerateRunes())
        {
            text.Append(Rune.IsControl(rune) || rune.Value == '"' ? "?" : rune.ToString());
        }

        return name.Length > MaximumShown ? text.Append("...").ToString() : text.ToString();
    }
}
