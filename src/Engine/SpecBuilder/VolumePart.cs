// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Engine.SpecBuilder;

/// <summary>An image volume of a container.</summary>
/// <param name="Index">Its place in the container's list: names its directory.</param>
/// <param name="Source">Directory on the node.</param>
/// <param name="Destination">Absolute path in the container.</param>
internal sealed record PlannedVolume(int Index, string Source, string Destination);

/// <summary>The directories that an image declares as volumes.</summary>
internal static class VolumePart
{
    /// <summary>Places that the kernel fills; a volume there would cover or redirect them (CVE-2019-19921, CVE-2023-27561).</summary>
    private static readonly string[] s_refused = ["/proc", "/sys", "/dev"];

    /// <summary>Volumes that no mount of the request takes the place of.</summary>
    /// <param name="directory">Of the container's volumes; the n-th is <c>&lt;directory&gt;/&lt;n&gt;</c>.</param>
    /// <exception cref="EngineException">A path with <c>..</c> (CVE-2022-23648), a relative one, or one at a kernel file system.</exception>
    internal static IReadOnlyList<PlannedVolume> Plan(SpecRequest request, string directory)
    {
        var requested = request.Container.Mounts
            .Select(static m => ContainerPath.Absolute("mounts.container_path", m.ContainerPath))
            .ToHashSet(StringComparer.Ordinal);
        var planned = new List<PlannedVolume>();
        foreach (string path in (request.Image.Volumes ?? []).Order(StringComparer.Ordinal))
        {
            string destination = ContainerPath.Absolute("image VOLUME", path);
            if (destination == "/" || s_refused.Any(r => ContainerPath.IsAtOrBelow(destination, r)))
            {
                throw Refuse.Value("image VOLUME", path, "a path outside of /proc, /sys and /dev, and not / itself");
            }

            if (requested.Add(destination))
            {
                planned.Add(new PlannedVolume(planned.Count, $"{directory}/{planned.Count}", destination));
            }
        }

        return planned;
    }
}
