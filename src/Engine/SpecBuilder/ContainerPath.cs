// SPDX-License-Identifier: Apache-2.0
using System.Text;

namespace Gantry.Engine.SpecBuilder;

/// <summary>Paths that a client or an image gives, judged as text. What they lead to is the monitor's to resolve, by descriptor.</summary>
internal static class ContainerPath
{
    /// <summary>PATH_MAX without the closing NUL.</summary>
    private const int MaxLength = 4095;

    /// <summary>NAME_MAX, in bytes.</summary>
    private const int MaxName = 255;

    /// <summary>An absolute path without <c>..</c>; doubled slashes, <c>.</c> and a closing slash are dropped.</summary>
    /// <exception cref="EngineException"><see cref="EngineError.InvalidArgument"/>.</exception>
    internal static string Absolute(string field, string path)
    {
        if (!path.StartsWith('/'))
        {
            throw Refuse.Value(field, path, "an absolute path");
        }

        return "/" + string.Join('/', Parts(field, path));
    }

    /// <summary>A path below another one: relative, not empty, without <c>..</c>.</summary>
    /// <exception cref="EngineException"><see cref="EngineError.InvalidArgument"/>.</exception>
    internal static string Relative(string field, string path)
    {
        string[] parts = Parts(field, path);
        return !path.StartsWith('/') && parts.Length > 0
            ? string.Join('/', parts)
            : throw Refuse.Value(field, path, "a relative path");
    }

    /// <summary>Whether <paramref name="path"/> is <paramref name="ancestor"/> or lies below it; both as <see cref="Absolute"/> returns them.</summary>
    internal static bool IsAtOrBelow(string path, string ancestor) =>
        path.StartsWith(ancestor, StringComparison.Ordinal)
        && (ancestor == "/" || path.Length == ancestor.Length || path[ancestor.Length] == '/');

    private static string[] Parts(string field, string path)
    {
        if (path.Length is 0 or > MaxLength || path.AsSpan().ContainsAnyInRange('\0', '\x1f'))
        {
            throw Refuse.Value(field, path, $"1 to {MaxLength} characters, no control characters");
        }

        string[] parts = [.. path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(static p => p != ".")];
        if (parts.Any(static p => Encoding.UTF8.GetByteCount(p) > MaxName))
        {
            throw Refuse.Value(field, path, $"names of at most {MaxName} bytes");
        }

        return !parts.Contains("..") ? parts : throw Refuse.Value(field, path, "a path without '..'");
    }
}
