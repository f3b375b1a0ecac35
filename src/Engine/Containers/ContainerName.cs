// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Engine.Containers;

/// <summary>What one container of the node is called.</summary>
internal sealed record ContainerName(string PodId, string Name, uint Attempt)
{
    public override string ToString() => $"container {Name} attempt {Attempt} of pod {PodId}";
}
