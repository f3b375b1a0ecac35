// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine;
using Gantry.Engine.Containers;
using Gantry.Engine.Pods;

namespace Gantry.Cri;

/// <summary>Completes shortened ids: crictl shows 13 digits and sends back what its user typed. Kubelets send all 64, which costs nothing here.</summary>
internal static class Lookup
{
    private const int FullLength = 64;

    /// <returns>The full id; the given one when nothing starts with it.</returns>
    /// <exception cref="EngineException"><see cref="EngineError.InvalidArgument"/>: several ids start with it.</exception>
    internal static string PodId(GantryEngine engine, string value)
    {
        string id = Require.PodId(value);
        return id.Length == FullLength ? id : Complete("pod_sandbox_id", id, engine.Pods.List(new PodFilter()).Select(pod => pod.Id));
    }

    /// <inheritdoc cref="PodId"/>
    internal static string ContainerId(GantryEngine engine, string value)
    {
        string id = Require.ContainerId(value);
        return id.Length == FullLength
            ? id
            : Complete("container_id", id, engine.Containers.List(new ContainerFilter()).Select(container => container.Id));
    }

    internal static string Complete(string field, string prefix, IEnumerable<string> ids)
    {
        string? found = null;
        foreach (string id in ids)
        {
            if (id.StartsWith(prefix, StringComparison.Ordinal))
            {
                found = found is null ? id : throw Require.Invalid(field, prefix, "more digits: several ids start with these");
            }
        }

        return found ?? prefix;
    }
}
