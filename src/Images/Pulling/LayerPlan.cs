// SPDX-License-Identifier: Apache-2.0
using Gantry.Images.Distribution;
using Gantry.Oci.Image;

namespace Gantry.Images.Pulling;

/// <summary>The layers of one image, the lowest first, and where they come from.</summary>
internal sealed record LayerPlan(
    RegistrySession Session, IReadOnlyList<Descriptor> Layers, IReadOnlyList<Digest> DiffIds, IReadOnlyList<Digest> ChainIds)
{
    /// <exception cref="ImageDocumentException">Manifest and configuration do not fit together.</exception>
    internal static LayerPlan Make(RegistrySession session, Manifest manifest, ImageConfig config)
    {
        IReadOnlyList<Descriptor> layers = manifest.Layers ?? [];
        IReadOnlyList<Digest> diffIds = config.Rootfs?.DiffIds ?? [];
        return layers.Count == diffIds.Count
            ? new LayerPlan(session, layers, diffIds, ChainId.Compute(diffIds))
            : throw new ImageDocumentException($"rootfs.diff_ids: {diffIds.Count} entries, the manifest has {layers.Count} layers");
    }
}
