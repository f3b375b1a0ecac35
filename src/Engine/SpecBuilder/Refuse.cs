// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Engine.SpecBuilder;

/// <summary>Errors about a field of a request: the field, the value, what is accepted.</summary>
internal static class Refuse
{
    private const int MaxQuoted = 128;

    internal static EngineException Value(string field, string value, string accepted) =>
        new(EngineError.InvalidArgument, $"{field} '{Quotable(value)}': {accepted}");

    internal static EngineException Unserved(string field, string what) =>
        new(EngineError.Unimplemented, $"{field}: {what} is not served by this version");

    /// <summary>Bounds what a hostile value can put in a message.</summary>
    internal static string Quotable(string value)
    {
        string cut = value.Length <= MaxQuoted ? value : value[..MaxQuoted] + "...";
        return string.Create(cut.Length, cut, static (span, source) =>
        {
            for (int i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(source[i]) ? '?' : source[i];
            }
        });
    }
}
