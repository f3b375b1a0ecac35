// SPDX-License-Identifier: Apache-2.0
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Gantry.Interop;
using Gantry.Interop.Netlink;

namespace Gantry.Network.Builtin;

/// <summary>The bridge that pods are plugged into, and what the host needs so that they reach anything.</summary>
internal sealed class Bridge(HostNetwork host, BuiltinSettings settings)
{
    private const int EthernetMtu = 1500;

    private readonly Lazy<bool> _hasIpv6 = new(() => host.ReadSysctl("ipv6/conf/all/disable_ipv6") == "0");

    internal int Index { get; private set; }

    /// <summary>Bytes, for the bridge and all pods.</summary>
    internal int Mtu { get; private set; } = EthernetMtu;

    /// <summary>Whether the host's kernel has IPv6 and the administrator left it on.</summary>
    internal bool HasIpv6 => _hasIpv6.Value;

    /// <summary>Makes the bridge, or takes over the one that is there, and gives it the pools' gateway addresses.</summary>
    /// <exception cref="NetworkException">A pool is in use elsewhere, or the name belongs to something else.</exception>
    internal void Ensure(IReadOnlyList<IpPool> pools)
    {
        RouteSocket route = host.Route;
        Mtu = settings.Mtu > 0 ? settings.Mtu : SmallestUplinkMtu(route);
        LinkInfo link = route.FindLink(settings.Bridge) ?? Make(route);
        if (link.Kind != "bridge")
        {
            throw new NetworkException(NetworkError.NotReady, $"network.bridge '{settings.Bridge}': an interface of another kind has this name");
        }

        Index = link.Index;
        RefuseForeignRoutes(route, pools);
        SetKernelParameters(pools);
        AddGateways(route, pools);
        route.Execute(new RouteBatch().SetUp(settings.Bridge));
    }

    private LinkInfo Make(RouteSocket route)
    {
        route.Execute(new RouteBatch().AddBridge(settings.Bridge, HardwareAddress(settings.Bridge), Mtu));
        host.Report(NoticeLevel.Information, $"made bridge {settings.Bridge}, mtu {Mtu}");
        return route.FindLink(settings.Bridge)
            ?? throw new NetworkException(NetworkError.NotReady, $"bridge {settings.Bridge} vanished as soon as it was made");
    }

    private void AddGateways(RouteSocket route, IReadOnlyList<IpPool> pools)
    {
        HashSet<IPAddress> present = [.. route.Addresses().Where(a => a.Index == Index).Select(static a => a.Address)];
        RouteBatch missing = new();
        foreach (IpPool pool in pools.Where(p => !present.Contains(p.Gateway)))
        {
            missing.AddAddress(Index, pool.Gateway, pool.PrefixLength);
        }

        route.Execute(missing);
    }

    /// <summary>A pool that the host reaches elsewhere would cut that network off; a wider route is fine, ours is more exact.</summary>
    private void RefuseForeignRoutes(RouteSocket route, IReadOnlyList<IpPool> pools)
    {
        foreach (RouteInfo other in route.Routes().Where(r => r.Destination is not null && r.Index != Index))
        {
            IpPool? taken = pools.FirstOrDefault(p => other.PrefixLength >= p.PrefixLength && p.Contains(other.Destination!));
            if (taken is not null)
            {
                string device = route.Links().FirstOrDefault(l => l.Index == other.Index)?.Name ?? $"interface {other.Index}";
                throw new NetworkException(
                    NetworkError.NotReady,
                    $"pod addresses {taken}: the host reaches {other.Destination}/{other.PrefixLength} through {device}; set network.ipv4_pool or network.ipv6_pool to a free prefix");
            }
        }
    }

    private static int SmallestUplinkMtu(RouteSocket route)
    {
        HashSet<int> uplinks = [.. route.Routes().Where(static r => r.Destination is null && r.Index > 0).Select(static r => r.Index)];
        return route.Links().Where(l => uplinks.Contains(l.Index) && l.Mtu > 0).Select(static l => l.Mtu).DefaultIfEmpty(EthernetMtu).Min();
    }

    private void SetKernelParameters(IReadOnlyList<IpPool> pools)
    {
        string bridge = settings.Bridge;
        if (pools.Any(static p => p.Family == AddressFamily.InterNetwork))
        {
            // 127.0.0.1 to a host port: its packets leave by the bridge; FirewallText guards the other direction.
            host.WriteSysctl($"ipv4/conf/{bridge}/route_localnet", "1");
            TurnOn("ipv4/ip_forward");
        }

        if (pools.Any(static p => p.Family == AddressFamily.InterNetworkV6))
        {
            // A pod must not become the host's router by advertising itself (CVE-2020-10749).
            host.WriteSysctl($"ipv6/conf/{bridge}/accept_ra", "0");
            host.WriteSysctl($"ipv6/conf/{bridge}/disable_ipv6", "0");

            // Without a checked link-local address the kernel asks for no neighbour on behalf of forwarded packets.
            host.WriteSysctl($"ipv6/conf/{bridge}/accept_dad", "0");
            KeepRouterAdvertisements();
            TurnOn("ipv6/conf/all/forwarding");
        }
    }

    private void TurnOn(string name)
    {
        if (host.ReadSysctl(name) != "1")
        {
            host.WriteSysctl(name, "1");
            host.Report(NoticeLevel.Information, $"turned on net/{name}: pods reach nothing outside this node without it");
        }
    }

    /// <summary>With forwarding on, accept_ra=1 stops listening to routers; 2 goes on. Otherwise the host itself could lose its default route.</summary>
    private void KeepRouterAdvertisements()
    {
        if (host.ReadSysctl("ipv6/conf/all/forwarding") != "0")
        {
            return;
        }

        foreach (LinkInfo link in host.Route.Links().Where(l => l.Name is not "lo" && l.Index != Index && l.Master == 0))
        {
            string name = $"ipv6/conf/{link.Name}/accept_ra";
            if (link.Name.Contains('/', StringComparison.Ordinal) || host.ReadSysctl(name) != "1")
            {
                continue;
            }

            host.WriteSysctl(name, "2");
            host.Report(NoticeLevel.Information, $"set net/{name} to 2: it keeps listening to routers though the host forwards now");
        }
    }

    /// <summary>Locally administered, the same after each restart: udev and the ports do not change an address that was set.</summary>
    private static byte[] HardwareAddress(string name)
    {
        byte[] address = SHA256.HashData(Encoding.UTF8.GetBytes("bridge " + name))[..6];
        address[0] = 0x02;
        return address;
    }
}
