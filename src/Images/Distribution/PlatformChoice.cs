// SPDX-License-Identifier: Apache-2.0
using System.Runtime.Intrinsics.X86;
using Gantry.Oci.Image;

namespace Gantry.Images.Distribution;

/// <summary>Chooses the image of an index that fits best: this processor's level first, the base level after it.</summary>
internal static class PlatformChoice
{
    private const int MaxListed = 20;

    /// <exception cref="ImageException"><see cref="ImageError.NotFound"/>: with what is offered.</exception>
    internal static Descriptor Choose(Oci.Image.Index index, Platform wanted, string reference)
    {
        IReadOnlyList<Descriptor> offered = index.Manifests ?? [];
        foreach (Platform level in Levels(wanted))
        {
            foreach (Descriptor entry in offered)
            {
                if (entry.Platform is Platform platform && Same(platform.Normalize(), level)
                    && (MediaTypes.IsManifest(entry.MediaType) || MediaTypes.IsIndex(entry.MediaType)))
                {
                    return entry;
                }
            }
        }

        string list = string.Join(", ", offered.Where(static e => e.Platform is not null).Take(MaxListed).Select(static e => UntrustedText.Quote(e.Platform!.ToString())));
        throw new ImageException(
            ImageError.NotFound, $"{reference}: no image for {wanted}; the index has {(list.Length == 0 ? "no platforms" : list)}");
    }

    private static bool Same(Platform left, Platform right) =>
        left.Os == right.Os && left.Architecture == right.Architecture && left.Variant == right.Variant;

    private static IEnumerable<Platform> Levels(Platform wanted)
    {
        Platform exact = wanted.Normalize();
        if (exact.Variant is not null)
        {
            yield return exact;
        }
        else if (exact.Architecture == "amd64" && ReferenceEquals(wanted, Platform.Local))
        {
            for (int level = AmdLevel(); level >= 2; level--)
            {
                yield return exact with { Variant = $"v{level}" };
            }
        }

        yield return exact with { Variant = null };
    }

    // x86-64 psABI, "Micro-Architecture Levels".
    private static int AmdLevel() =>
        Avx512F.IsSupported && Avx512BW.IsSupported && Avx512CD.IsSupported && Avx512DQ.IsSupported ? 4
        : Avx2.IsSupported && Bmi1.IsSupported && Bmi2.IsSupported && Fma.IsSupported && Lzcnt.IsSupported ? 3
        : Sse42.IsSupported && Popcnt.IsSupported ? 2
        : 1;
}
