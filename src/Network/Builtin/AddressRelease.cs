// SPDX-License-Identifier: Apache-2.0
using System.Net;
using System.Threading.Channels;

namespace Gantry.Network.Builtin;

/// <summary>Gives addresses back, but not before the interface that had them is gone.</summary>
/// <remarks>
/// Deleting an interface by name takes 55 ms under the kernel's RTNL lock. A detached pod's namespace dies by itself
/// with its last process and descriptor, and its interface with it; only what outlives the grace period is deleted.
/// </remarks>
internal sealed class AddressRelease(HostNetwork host, AddressStore addresses, string bridge, TimeSpan linger)
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);

    private readonly Channel<bool> _work = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Lock _sweepLock = new();

    /// <exception cref="NetworkException"><see cref="NetworkError.Exhausted"/>.</exception>
    internal IPAddress Take(IpPool pool, string podId)
    {
        IPAddress? address = addresses.Take(pool, podId);
        if (address is null)
        {
            Sweep(TimeSpan.Zero);
            address = addresses.Take(pool, podId);
        }

        return address ?? throw new NetworkException(
            NetworkError.Exhausted, $"pod addresses {pool}: all {pool.Count} are in use");
    }

    internal void Release(string podId)
    {
        addresses.Release(podId, DateTimeOffset.UtcNow);
        _work.Writer.TryWrite(true);
    }

    /// <summary>Frees what belongs to no known pod: reservations without a record, interfaces without a pod.</summary>
    internal void FreeOrphans(IReadOnlySet<string> pods, IReadOnlySet<string> interfaces)
    {
        List<string> orphans = [.. addresses.Owners().Where(p => !pods.Contains(p))];
        HashSet<string> doomed = [.. orphans.Select(PodLink.HostInterface)];
        doomed.UnionWith(host.Route.Links()
            .Where(l => l.Kind == "veth" && l.Name.StartsWith(PodLink.Prefix, StringComparison.Ordinal) && PodLink.IsOf(bridge, l.Alias))
            .Select(static l => l.Name));
        doomed.ExceptWith(interfaces);
        host.Route.DeleteLinks(doomed);
        foreach (string podId in orphans)
        {
            addresses.Free(podId);
            host.Report(NoticeLevel.Information, $"freed the addresses of pod {podId}, which has no record");
        }
    }

    internal async Task RunAsync(CancellationToken stopping)
    {
        using PeriodicTimer timer = new(s_pause);
        try
        {
            while (true)
            {
                await _work.Reader.ReadAsync(stopping);
                while (addresses.Released().Count > 0 && await timer.WaitForNextTickAsync(stopping))
                {
                    SweepReporting();
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Asked to end.
        }
    }

    /// <summary>Frees the addresses of released pods whose interface is gone; deletes interfaces that have lingered too long.</summary>
    internal void Sweep(TimeSpan grace)
    {
        lock (_sweepLock)
        {
            DateTimeOffset now = DateTimeOffset.UtcNow;
            List<string> overdue = [];
            foreach ((string podId, DateTimeOffset since) in addresses.Released())
            {
                if (host.Route.FindLink(PodLink.HostInterface(podId)) is null)
                {
                    addresses.Free(podId);
                }
                else if (now - since >= grace)
                {
                    overdue.Add(podId);
                }
            }

            host.Route.DeleteLinks([.. overdue.Select(PodLink.HostInterface)]);
            overdue.ForEach(addresses.Free);
        }
    }

    private void SweepReporting()
    {
        try
        {
            Sweep(linger);
        }
        catch (IOException e)
        {
            host.Report(NoticeLevel.Warning, "cannot see which pods' interfaces are gone; trying again", e);
        }
    }
}
