// SPDX-License-Identifier: Apache-2.0
using System.Text;

namespace Gantry.Oci.Image;

/// <summary>Names of stacked layers: OCI image-spec 1.1, config.md, "Layer ChainID".</summary>
public static class ChainId
{
    /// <summary>The name of <paramref name="diffId"/> on top of <paramref name="parent"/>.</summary>
    /// <param name="parent">Chain id of everything below; empty for the lowest layer.</param>
    public static Digest Next(Digest parent, Digest diffId) =>
        parent.IsEmpty ? diffId : Digest.Of(Encoding.ASCII.GetBytes($"{parent} {diffId}"));

    /// <summary>Chain ids of all layers, the lowest first.</summary>
    public static IReadOnlyList<Digest> Compute(IReadOnlyList<Digest> diffIds)
    {
        ArgumentNullException.ThrowIfNull(diffIds);
        var chain = new Digest[diffIds.Count];
        for (int i = 0; i < chain.Length; i++)
        {
            chain[i] = Next(i == 0 ? default : chain[i - 1], diffIds[i]);
        }

        return chain;
    }
}
