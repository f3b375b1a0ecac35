// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;

namespace Gantry.Oci.Image;

/// <summary>What an image runs on: OCI image-spec 1.1, image-index.md, with Go's names of systems and architectures.</summary>
public sealed record Platform
{
    public string? Architecture { get; init; }

    public string? Os { get; init; }

    [JsonPropertyName("os.version")]
    public string? OsVersion { get; init; }

    [JsonPropertyName("os.features")]
    public IReadOnlyList<string>? OsFeatures { get; init; }

    /// <summary>Level of the processor, such as v8 of arm64; absent means the architecture's base level.</summary>
    public string? Variant { get; init; }

    /// <summary>The platform that this process runs on.</summary>
    public static Platform Local { get; } = new() { Os = "linux", Architecture = LocalArchitecture() };

    /// <summary>One spelling for each platform: Go's architecture names, no variant where it is the base level.</summary>
    public Platform Normalize()
    {
        string os = (Os ?? "").ToLowerInvariant();
        string architecture = (Architecture ?? "").ToLowerInvariant();
        string variant = (Variant ?? "").ToLowerInvariant();
        (architecture, variant) = (architecture, variant) switch
        {
            ("x86_64" or "x86-64" or "amd64", "v1") => ("amd64", ""),
            ("x86_64" or "x86-64", _) => ("amd64", variant),
            ("aarch64" or "arm64", "8" or "v8") => ("arm64", ""),
            ("aarch64", _) => ("arm64", variant),
            ("i386" or "i486" or "i686", _) => ("386", variant),
            ("armhf", _) => ("arm", "v7"),
            ("armel", _) => ("arm", "v6"),
            ("arm", "" or "7") => ("arm", "v7"),
            ("arm", "5" or "6" or "8") => ("arm", "v" + variant),
            _ => (architecture, variant),
        };
        return new Platform { Os = os, Architecture = architecture, Variant = variant.Length == 0 ? null : variant };
    }

    /// <summary>True when an image for <paramref name="offered"/> runs here: same system, architecture and base level or this level.</summary>
    public bool Accepts(Platform offered)
    {
        ArgumentNullException.ThrowIfNull(offered);
        Platform mine = Normalize();
        Platform theirs = offered.Normalize();
        return mine.Os == theirs.Os && mine.Architecture == theirs.Architecture
            && (theirs.Variant is null || theirs.Variant == mine.Variant);
    }

    /// <summary>os/architecture, and /variant when there is one.</summary>
    public override string ToString() =>
        $"{Os ?? "?"}/{Architecture ?? "?"}" + (string.IsNullOrEmpty(Variant) ? "" : "/" + Variant);

    private static string LocalArchitecture() => RuntimeInformation.ProcessArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        System.Runtime.InteropServices.Architecture other => other.ToString().ToLowerInvariant(),
    };
}
