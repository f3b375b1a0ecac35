// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Netlink;
using Gantry.Interop.Nftables;

namespace Gantry.Network.Builtin;

/// <summary>The one nftables table of the embedded network. Made once; pods with host ports add elements to its maps.</summary>
internal sealed class Firewall(HostNetwork host, BuiltinSettings settings) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, IReadOnlyList<FirewallElement>> _pods = [];
    private IReadOnlyList<IpPool> _pools = [];
    private NftContext? _context;
    private NftTableState? _installed;

    /// <summary>Makes the table with all that is known, in place of whatever table of this name is there: one transaction.</summary>
    /// <exception cref="NftException">The old rules are still in force.</exception>
    internal void Install(IEnumerable<IpPool> pools)
    {
        lock (_lock)
        {
            _pools = [.. pools];
            Rebuild();
        }
    }

    /// <summary>Takes over a pod's host ports without touching the kernel; <see cref="Install"/> follows.</summary>
    internal void Know(PodNetworkRecord record)
    {
        IReadOnlyList<FirewallElement> elements = FirewallText.Elements(record);
        lock (_lock)
        {
            if (elements.Count > 0)
            {
                _pods[record.Request.PodId] = elements;
            }
        }
    }

    /// <summary>Opens a pod's host ports. A pod without any changes nothing.</summary>
    internal void Add(PodNetworkRecord record)
    {
        IReadOnlyList<FirewallElement> elements = FirewallText.Elements(record);
        if (elements.Count == 0)
        {
            return;
        }

        lock (_lock)
        {
            _pods[record.Request.PodId] = elements;
            try
            {
                ApplyOrRebuild(FirewallText.Change("add", settings.Table, elements));
            }
            catch
            {
                _pods.Remove(record.Request.PodId);
                throw;
            }
        }

        ForgetDatagrams(record);
    }

    /// <summary>Closes a pod's host ports; none or already closed is fine.</summary>
    internal void Remove(PodNetworkRecord record)
    {
        lock (_lock)
        {
            if (!_pods.Remove(record.Request.PodId, out IReadOnlyList<FirewallElement>? elements))
            {
                return;
            }

            ApplyOrRebuild(FirewallText.Change("delete", settings.Table, elements));
        }

        ForgetDatagrams(record);
    }

    /// <summary>Puts the table back when somebody removed or emptied it ("nft flush ruleset").</summary>
    /// <returns>Whether that was needed.</returns>
    internal bool Repair()
    {
        lock (_lock)
        {
            if (_installed is null || host.Netfilter.FindTable(settings.Table) == _installed)
            {
                return false;
            }

            Rebuild();
            return true;
        }
    }

    /// <summary>Whether every element of a pod is in the kernel.</summary>
    internal bool Has(PodNetworkRecord record)
    {
        IReadOnlyList<FirewallElement> elements = FirewallText.Elements(record);
        if (elements.Count == 0)
        {
            return true;
        }

        lock (_lock)
        {
            try
            {
                Run(FirewallText.Change("get", settings.Table, elements));
                return true;
            }
            catch (NftException)
            {
                return false;
            }
        }
    }

    /// <summary>JSON of <c>list chains</c>, for finding other tables' policies.</summary>
    internal string ListChains()
    {
        lock (_lock)
        {
            return host.Run(() => (_context ??= new NftContext()).Run("list chains", json: true));
        }
    }

    internal void Delete()
    {
        lock (_lock)
        {
            Run($"add table inet {settings.Table}\ndelete table inet {settings.Table}\n");
            _installed = null;
        }
    }

    public void Dispose() => _context?.Dispose();

    private void ApplyOrRebuild(string change)
    {
        try
        {
            Run(change);
        }
        catch (NftException e)
        {
            host.Report(NoticeLevel.Warning, $"nftables table {settings.Table} is not as it was left; making it anew", e);
            Rebuild();
        }
    }

    private void Rebuild()
    {
        string elements = FirewallText.Change("add", settings.Table, _pods.Values.SelectMany(static e => e).Distinct());
        Run(FirewallText.Table(settings, _pools) + elements);
        _installed = host.Netfilter.FindTable(settings.Table);
    }

    private void Run(string commands) => host.Run(() => (_context ??= new NftContext()).Run(commands));

    /// <summary>A datagram flow that began before the port was opened, or to an earlier pod, would never meet the new rule.</summary>
    private void ForgetDatagrams(PodNetworkRecord record)
    {
        HashSet<int> ports = [.. HostPorts.Effective(record.Request).Where(static p => p.Protocol == PortProtocol.Udp).Select(static p => p.HostPort)];
        if (ports.Count == 0)
        {
            return;
        }

        try
        {
            host.Netfilter.ForgetConnections((byte)PortProtocol.Udp, ports);
        }
        catch (SyscallException e)
        {
            host.Report(NoticeLevel.Warning, "cannot forget earlier UDP flows of a host port; they end by themselves after 30 to 120 s of silence", e);
        }
    }
}
