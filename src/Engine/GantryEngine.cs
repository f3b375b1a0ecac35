// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Containers;
using Gantry.Engine.Events;
using Gantry.Engine.Images;
using Gantry.Engine.Pods;

namespace Gantry.Engine;

/// <summary>State of a part of the node, as CRI's Status reports it.</summary>
/// <param name="Reason">One CamelCase word; empty when ready.</param>
/// <param name="Message">What to do about it; empty when ready.</param>
public sealed record NodeCondition(bool Ready, string Reason, string Message);

/// <summary>The engine as one object: the only owner of lifecycle and state.</summary>
public sealed class GantryEngine : IAsyncDisposable
{
    public EngineOptions Options => throw new NotImplementedException();

    public PodEngine Pods => throw new NotImplementedException();

    public ContainerEngine Containers => throw new NotImplementedException();

    public ImageEngine Images => throw new NotImplementedException();

    public EventHub Events => throw new NotImplementedException();

    /// <summary>Brings memory, records and the kernel to one truth. Must have finished before anything is served.</summary>
    public Task RecoverAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    public NodeCondition RuntimeCondition() => throw new NotImplementedException();

    public NodeCondition NetworkCondition() => throw new NotImplementedException();

    /// <summary>The addresses that this node's pods get, as the kubelet learned them (CRI UpdateRuntimeConfig).</summary>
    /// <param name="podCidr">One or two networks, separated by a comma; empty changes nothing.</param>
    public Task UpdatePodCidrAsync(string podCidr, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Lets go of the monitors and stops the background work; pods run on.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
