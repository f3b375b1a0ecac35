// SPDX-License-Identifier: Apache-2.0
using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gantry.Oci.Image;

/// <summary>Hash functions that name content (OCI image-spec 1.1, descriptor.md, "Registered Algorithms").</summary>
public enum DigestAlgorithm
{
    Sha256,
    Sha512,
}

/// <summary>Name of content: <c>sha256:</c> and 64, or <c>sha512:</c> and 128 lower-case hex digits.</summary>
/// <remarks>A value other than <c>default</c> is well formed, so it is safe to use in a path.</remarks>
[JsonConverter(typeof(DigestJsonConverter))]
public readonly struct Digest : IEquatable<Digest>
{
    private const string Accepted = "sha256:<64 lower-case hex digits> or sha512:<128 lower-case hex digits>";
    private static readonly SearchValues<char> s_hex = SearchValues.Create("0123456789abcdef");
    private readonly string? _text;

    private Digest(string text) => _text = text;

    /// <summary>True for <c>default</c>, which names nothing.</summary>
    public bool IsEmpty => _text is null;

    /// <exception cref="InvalidOperationException">The digest is empty.</exception>
    public DigestAlgorithm Algorithm => Text.StartsWith("sha512", StringComparison.Ordinal) ? DigestAlgorithm.Sha512 : DigestAlgorithm.Sha256;

    /// <summary>The hash in lower-case hex.</summary>
    public string Hex => Text[7..];

    /// <summary>Twelve hex digits for people to read.</summary>
    public string Short => Text.Substring(7, 12);

    private string Text => _text ?? throw new InvalidOperationException("the digest is empty");

    public static bool operator ==(Digest left, Digest right) => left.Equals(right);

    public static bool operator !=(Digest left, Digest right) => !left.Equals(right);

    /// <exception cref="FormatException">The text is no digest; the message says what is accepted.</exception>
    public static Digest Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out Digest digest)
            ? digest
            : throw new FormatException($"digest \"{UntrustedText.Quote(text)}\": {Accepted}");
    }

    public static bool TryParse([NotNullWhen(true)] string? text, out Digest digest)
    {
        bool valid = text is not null
            && ((text.Length == 71 && text.StartsWith("sha256:", StringComparison.Ordinal))
                || (text.Length == 135 && text.StartsWith("sha512:", StringComparison.Ordinal)))
            && !text.AsSpan(7).ContainsAnyExcept(s_hex);
        digest = valid ? new Digest(text!) : default;
        return valid;
    }

    /// <param name="hash">32 bytes of SHA-256 or 64 bytes of SHA-512.</param>
    public static Digest FromHash(DigestAlgorithm algorithm, ReadOnlySpan<byte> hash)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(hash.Length, algorithm == DigestAlgorithm.Sha256 ? 32 : 64);
        return new Digest((algorithm == DigestAlgorithm.Sha256 ? "sha256:" : "sha512:") + Convert.ToHexStringLower(hash));
    }

    /// <summary>SHA-256 of <paramref name="content"/>.</summary>
    public static Digest Of(ReadOnlySpan<byte> content) => Of(DigestAlgorithm.Sha256, content);

    public static Digest Of(DigestAlgorithm algorithm, ReadOnlySpan<byte> content) =>
        FromHash(algorithm, algorithm == DigestAlgorithm.Sha256 ? SHA256.HashData(content) : SHA512.HashData(content));

    public bool Equals(Digest other) => string.Equals(_text, other._text, StringComparison.Ordinal);

    public override bool Equals(object? obj) => obj is Digest other && Equals(other);

    public override int GetHashCode() => _text is null ? 0 : string.GetHashCode(_text, StringComparison.Ordinal);

    /// <summary>Algorithm, colon, hex; empty for <c>default</c>.</summary>
    public override string ToString() => _text ?? "";
}

/// <summary>Digests in JSON are strings; a malformed one is a <see cref="JsonException"/> with its path.</summary>
public sealed class DigestJsonConverter : JsonConverter<Digest>
{
    public override Digest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string? text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return Digest.TryParse(text, out Digest digest)
            ? digest
            : throw new JsonException();
    }

    public override void Write(Utf8JsonWriter writer, Digest value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());

    public override Digest ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Digest.TryParse(reader.GetString(), out Digest digest) ? digest : throw new JsonException();

    public override void WriteAsPropertyName(Utf8JsonWriter writer, Digest value, JsonSerializerOptions options) =>
        writer.WritePropertyName(value.ToString());
}
