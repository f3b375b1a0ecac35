// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Gantry.Oci.Image;

internal readonly record struct ReferenceParts(string Domain, string Path, string? Tag, Digest Digest);

/// <summary>Takes a reference apart by hand: linear time, no regular expression.</summary>
internal static class ReferenceGrammar
{
    internal const string TagRule =
        "invalid reference format: tag: 1 to 128 of letters, digits, '_', '.', '-', not starting with '.' or '-'";

    private const int MaxNameLength = 255;
    private const int MaxTagLength = 128;
    private const int MaxLength = MaxNameLength + MaxTagLength + 140;

    /// <returns><see langword="null"/>, or what is wrong.</returns>
    internal static string? Split(string? text, out ReferenceParts parts)
    {
        parts = default;
        if (string.IsNullOrEmpty(text))
        {
            return "invalid reference format: empty; [domain[:port]/]path[:tag][@digest] is accepted";
        }

        if (text.Length > MaxLength)
        {
            return $"invalid reference format: {text.Length} characters; at most {MaxLength}";
        }

        string rest = text;
        Digest digest = default;
        int at = rest.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0)
        {
            if (!Digest.TryParse(rest[(at + 1)..], out digest))
            {
                return "invalid reference format: digest: sha256:<64 lower-case hex digits> or sha512:<128 lower-case hex digits>";
            }

            rest = rest[..at];
        }

        string? tag = null;
        int colon = rest.LastIndexOf(':');
        if (colon > rest.LastIndexOf('/'))
        {
            tag = rest[(colon + 1)..];
            rest = rest[..colon];
        }

        return SplitName(rest, tag, digest, out parts);
    }

    internal static bool IsTag(string tag) =>
        tag.Length is > 0 and <= MaxTagLength && tag[0] is not ('.' or '-') && tag.All(IsTagCharacter);

    private static string? SplitName(string name, string? tag, Digest digest, out ReferenceParts parts)
    {
        parts = default;
        (string domain, string path) = SplitDomain(name);
        string? error = tag is not null && !IsTag(tag) ? TagRule
            : IsIdentifier(name) ? "invalid repository name: 64 hex digits are an image id"
            : CheckDomain(domain) ?? CheckPath(path, domain);
        if (error is null)
        {
            parts = new ReferenceParts(domain, path, tag, digest);
        }

        return error;
    }

    /// <summary>The first component is a domain when it has a dot or a colon, is localhost, or has capitals.</summary>
    private static (string Domain, string Path) SplitDomain(string name)
    {
        string domain = ImageReference.DefaultDomain;
        string path = name;
        int slash = name.IndexOf('/', StringComparison.Ordinal);
        if (slash >= 0)
        {
            string first = name[..slash];
            if (first.AsSpan().ContainsAny('.', ':') || first == "localhost" || first.Any(char.IsAsciiLetterUpper))
            {
                domain = first == "index.docker.io" ? ImageReference.DefaultDomain : first;
                path = name[(slash + 1)..];
            }
        }

        bool official = domain == ImageReference.DefaultDomain && path.Length > 0 && !path.Contains('/', StringComparison.Ordinal);
        return (domain, official ? "library/" + path : path);
    }

    private static bool IsIdentifier(string name) => name.Length == 64 && name.All(char.IsAsciiHexDigitLower);

    private static string? CheckDomain(string domain)
    {
        string host = domain;
        int colon = domain.LastIndexOf(':');
        if (colon > domain.LastIndexOf(']'))
        {
            host = domain[..colon];
            string port = domain[(colon + 1)..];
            if (!ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out ushort number) || number == 0)
            {
                return "invalid reference format: port: 1 to 65535";
            }
        }

        bool valid = host.StartsWith('[')
            ? host.EndsWith(']') && host.Length <= 47 && !host.Contains('%', StringComparison.Ordinal)
                && IPAddress.TryParse(host.AsSpan(1, host.Length - 2), out IPAddress? address) && address.AddressFamily == AddressFamily.InterNetworkV6
            : host.Split('.').All(IsDomainComponent);
        return valid ? null : "invalid reference format: domain: letters, digits, '-' and '.', or an IPv6 address in brackets";
    }

    private static bool IsDomainComponent(string part) =>
        part.Length > 0 && part[0] != '-' && part[^1] != '-' && part.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');

    private static string? CheckPath(string path, string domain)
    {
        if (path.Any(char.IsAsciiLetterUpper))
        {
            return $"invalid reference format: repository name ({path}) must be lowercase";
        }

        if (domain.Length + 1 + path.Length > MaxNameLength)
        {
            return $"invalid reference format: repository name must not be more than {MaxNameLength} characters";
        }

        return path.Split('/').All(IsPathComponent)
            ? null
            : "invalid reference format: path: components of a-z and 0-9, joined inside by one '.', one or two '_', or any number of '-'";
    }

    private static bool IsPathComponent(string part)
    {
        if (part.Length == 0 || !IsAlphanumeric(part[0]) || !IsAlphanumeric(part[^1]))
        {
            return false;
        }

        for (int i = 0; i < part.Length;)
        {
            int start = i;
            while (i < part.Length && part[i] == part[start])
            {
                i++;
            }

            if (!IsAlphanumeric(part[start]) && !IsSeparator(part[start], i - start, part[i]))
            {
                return false;
            }
        }

        return true;
    }

    // A separator is one run of one kind; a different separator right after it is refused.
    private static bool IsSeparator(char kind, int length, char next) =>
        IsAlphanumeric(next) && kind switch
        {
            '.' => length == 1,
            '_' => length <= 2,
            '-' => true,
            _ => false,
        };

    private static bool IsAlphanumeric(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c);

    private static bool IsTagCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-';
}
