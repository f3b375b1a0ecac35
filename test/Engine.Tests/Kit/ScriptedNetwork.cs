// SPDX-License-Identifier: Apache-2.0
using System.Collections.Concurrent;
using Gantry.Network;

namespace Gantry.Engine.Tests.Kit;

/// <summary>A pod network that makes nothing and knows exactly what it would have made.</summary>
internal sealed class ScriptedNetwork(World world) : IPodNetwork
{
    private int _address;

    internal ConcurrentDictionary<string, bool> Reserved { get; } = new();

    internal ConcurrentDictionary<string, bool> Attached { get; } = new();

    public PodNetworkRecord Reserve(PodNetworkRequest request)
    {
        world.Step("reserve");
        Reserved[request.PodId] = true;
        return new PodNetworkRecord
        {
            Kind = NetworkKind.Builtin,
            Request = request,
            Addresses = [new PodAddress($"10.9.0.{Interlocked.Increment(ref _address)}", 16, "10.9.0.1")],
        };
    }

    public async Task<PodAttachment> AttachAsync(PodNetworkRecord reserved, CancellationToken cancellationToken)
    {
        await world.StepAsync("attach");
        Assert.True(Reserved.ContainsKey(reserved.Request.PodId), "attached without a reservation");
        Attached[reserved.Request.PodId] = true;
        var attachment = new PodAttachment(
            File.OpenHandle("/proc/self/ns/net"), reserved with { HostInterface = "veth" + reserved.Request.PodId[..8] });
        await world.StepAsync("attach done");
        return attachment;
    }

    public async Task DetachAsync(PodNetworkRecord record, CancellationToken cancellationToken)
    {
        await world.StepAsync("detach");
        Attached.TryRemove(record.Request.PodId, out _);
        Reserved.TryRemove(record.Request.PodId, out _);
        await world.StepAsync("detach done");
    }

    public Task CheckAsync(PodNetworkRecord record, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<NetworkStatus> StatusAsync(CancellationToken cancellationToken) =>
        Task.FromResult(new NetworkStatus(true, "", ""));

    public Task RecoverAsync(IReadOnlyCollection<PodNetworkRecord> known, CancellationToken cancellationToken)
    {
        foreach (string id in Reserved.Keys.Where(id => known.All(k => k.Request.PodId != id)))
        {
            Reserved.TryRemove(id, out _);
            Attached.TryRemove(id, out _);
        }

        return Task.CompletedTask;
    }

    public void UpdatePodCidr(string podCidr)
    {
        // no pool to change
    }

    public Task RunAsync(CancellationToken stopping) => Task.Delay(Timeout.Infinite, stopping);
}
