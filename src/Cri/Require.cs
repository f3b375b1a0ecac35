// SPDX-License-Identifier: Apache-2.0
using System.Buffers;
using Gantry.Cri.V1;
using Gantry.Engine;

namespace Gantry.Cri;

/// <summary>Checks on request fields. An id that leaves this class is safe to use in a path.</summary>
internal static class Require
{
    private const int MaxIdLength = 64;
    private const int MaxNameLength = 1024;
    private const int MaxPathLength = 4095;

    /// <summary>A year: anything longer is a caller's mistake in units.</summary>
    private const long MaxTimeoutSeconds = 366L * 24 * 3600;

    private static readonly SearchValues<char> s_idCharacters = SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-");

    /// <exception cref="EngineException"><see cref="EngineError.InvalidArgument"/>.</exception>
    internal static string PodId(string value) => Id("pod_sandbox_id", value);

    /// <exception cref="EngineException"><see cref="EngineError.InvalidArgument"/>.</exception>
    internal static string ContainerId(string value) => Id("container_id", value);

    /// <summary>Wider than the ids that we give (64 hex digits): stopping or removing what another runtime made is a success, as it is absent.</summary>
    /// <exception cref="EngineException"><see cref="EngineError.InvalidArgument"/>.</exception>
    internal static string Id(string field, string value) =>
        value is { Length: > 0 and <= MaxIdLength } && !value.AsSpan().ContainsAnyExcept(s_idCharacters)
            ? value
            : throw Invalid(field, value, "1 to 64 letters, digits and hyphens");

    /// <summary>A message that must be there.</summary>
    internal static T Present<T>(string field, T? value)
        where T : class =>
        value ?? throw new EngineException(EngineError.InvalidArgument, $"{field}: missing; the request must set it");

    /// <summary>A name that only has to identify: 1 to 1024 characters without control characters.</summary>
    internal static string Name(string field, string value) =>
        value is { Length: > 0 and <= MaxNameLength } && !value.AsSpan().ContainsAnyInRange('\0', '\x1f')
            ? value
            : throw Invalid(field, value, "1 to 1024 characters, no control characters");

    /// <summary>An absolute path, or nothing.</summary>
    internal static string AbsolutePathOrEmpty(string field, string value) =>
        value.Length == 0 ? value : AbsolutePath(field, value);

    internal static string AbsolutePath(string field, string value) =>
        value is { Length: > 0 and <= MaxPathLength } && value[0] == '/' && !value.Contains('\0')
            ? value
            : throw Invalid(field, value, "an absolute path of at most 4095 bytes without NUL");

    /// <summary>A path below a directory: relative, without a step out of it (CVE-2025-0750).</summary>
    internal static string RelativePathOrEmpty(string field, string value)
    {
        bool good = value.Length <= MaxPathLength && !value.Contains('\0') && !value.StartsWith('/')
            && !value.Split('/').Contains("..");
        return good ? value : throw Invalid(field, value, "a relative path without '..' of at most 4095 bytes");
    }

    /// <summary>A reference or id of an image.</summary>
    internal static ImageSpec Image(string field, ImageSpec? value)
    {
        ImageSpec image = Present(field, value);
        Name($"{field}.image", image.Image);
        return image;
    }

    /// <summary>The command of an exec.</summary>
    internal static IReadOnlyList<string> Command(string field, IReadOnlyList<string> value)
    {
        if (value.Count == 0 || value[0].Length == 0)
        {
            throw new EngineException(EngineError.InvalidArgument, $"{field}: empty; accepted: a program and its arguments");
        }

        return value.Any(word => word.Contains('\0'))
            ? throw new EngineException(EngineError.InvalidArgument, $"{field}: contains NUL; accepted: text without NUL")
            : value;
    }

    /// <summary>Seconds, zero or more.</summary>
    internal static TimeSpan Seconds(string field, long value) =>
        value is >= 0 and <= MaxTimeoutSeconds
            ? TimeSpan.FromSeconds(value)
            : throw Invalid(field, value.ToString(System.Globalization.CultureInfo.InvariantCulture), "0 to 31622400 seconds");

    internal static EngineException Invalid(string field, string value, string accepted) =>
        new(EngineError.InvalidArgument, $"{field} \"{Shown(value)}\": accepted: {accepted}");

    /// <summary>A client's value, shortened and without control characters, for a message or a log line.</summary>
    private static string Shown(string value)
    {
        string text = value.Length > 100 ? value[..100] + "…" : value;
        return string.Create(text.Length, text, (span, source) =>
        {
            for (int i = 0; i < span.Length; i++)
            {
                span[i] = char.IsControl(source[i]) ? '?' : source[i];
            }
        });
    }
}
