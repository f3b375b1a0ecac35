// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics.CodeAnalysis;

namespace Gantry.Oci.Image;

/// <summary>Name of an image in a registry: <c>[domain[:port]/]path[:tag][@digest]</c>.</summary>
/// <remarks>
/// The grammar is that of Docker's distribution project (reference/reference.go) with its defaults: domain
/// <c>docker.io</c>, <c>library/</c> before a single name there, tag <c>latest</c> when neither tag nor digest is given.
/// </remarks>
public sealed record ImageReference
{
    public const string DefaultDomain = "docker.io";
    public const string DefaultTag = "latest";
    private const string OfficialPrefix = "library/";

    private ImageReference(string domain, string path, string? tag, Digest digest)
    {
        Domain = domain;
        Path = path;
        Tag = tag;
        Digest = digest;
    }

    /// <summary>Host, with port when one was given. Registries' API hosts may differ (docker.io).</summary>
    public string Domain { get; }

    /// <summary>Repository below the domain.</summary>
    public string Path { get; }

    /// <summary><see langword="null"/> only when there is a digest.</summary>
    public string? Tag { get; }

    /// <summary>Empty when the reference names a tag only.</summary>
    public Digest Digest { get; }

    /// <summary>Domain and path.</summary>
    public string Name => $"{Domain}/{Path}";

    /// <summary>The name as people write it: without docker.io and library/.</summary>
    public string FamiliarName =>
        Domain != DefaultDomain ? Name
        : Path.StartsWith(OfficialPrefix, StringComparison.Ordinal) && Path.IndexOf('/', OfficialPrefix.Length) < 0 ? Path[OfficialPrefix.Length..]
        : Path;

    /// <summary>The whole reference as people write it.</summary>
    public string Familiar => FamiliarName + Suffix;

    private string Suffix => (Tag is null ? "" : ":" + Tag) + (Digest.IsEmpty ? "" : "@" + Digest);

    /// <exception cref="FormatException">Not a reference; the message says why.</exception>
    public static ImageReference Parse(string text) =>
        TryParse(text, out ImageReference? reference, out string? error) ? reference : throw new FormatException(error);

    /// <param name="error">What is wrong, with the text and what is accepted.</param>
    public static bool TryParse(
        string? text, [NotNullWhen(true)] out ImageReference? reference, [NotNullWhen(false)] out string? error)
    {
        reference = null;
        string? reason = ReferenceGrammar.Split(text, out ReferenceParts parts);
        error = reason is null ? null : $"image reference \"{UntrustedText.Quote(text)}\": {reason}";
        if (reason is null)
        {
            string? tag = parts.Tag ?? (parts.Digest.IsEmpty ? DefaultTag : null);
            reference = new ImageReference(parts.Domain, parts.Path, tag, parts.Digest);
        }

        return error is null;
    }

    /// <summary>The same repository by digest only.</summary>
    public ImageReference WithDigest(Digest digest) => new(Domain, Path, null, digest);

    /// <summary>The same repository by another tag.</summary>
    /// <exception cref="FormatException">Not a tag.</exception>
    public ImageReference WithTag(string tag) =>
        ReferenceGrammar.IsTag(tag) ? new(Domain, Path, tag, default) : throw new FormatException(ReferenceGrammar.TagRule);

    /// <summary>Canonical form: domain, path, tag, digest, defaults written out.</summary>
    public override string ToString() => Name + Suffix;
}
