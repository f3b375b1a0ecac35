// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Oci.Image;

/// <summary>Text of others in our messages: bounded, without control characters.</summary>
public static class UntrustedText
{
    private const int MaxLength = 160;

    public static string Quote(string? text)
    {
        string cut = text is null ? "" : text.Length <= MaxLength ? text : text[..MaxLength] + "...";
        return string.Create(cut.Length, cut, static (span, source) =>
        {
            for (int i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(source[i]) ? '?' : source[i];
            }
        });
    }
}
