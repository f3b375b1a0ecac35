// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Gantry.Interop;
using Gantry.Interop.Namespaces;
using Gantry.Interop.Netlink;

namespace Gantry.Network.Builtin;

/// <summary>A pod's namespace and its cable to the bridge: about ten netlink messages, no program is run.</summary>
internal sealed class PodLink(HostNetwork host, BuiltinSettings settings)
{
    /// <summary>Start of every host end's name; the rest is 12 hex digits from the pod's id.</summary>
    internal const string Prefix = "gtr";

    /// <summary>Start of every host end's description, which tells operators whose it is, and recovery that it is ours.</summary>
    internal const string AliasPrefix = "gantry pod ";

    private const int NameDigits = 12;

    /// <summary>The description of a host end. It names the bridge: another gantryd on this node, with a bridge of its own, must not take it for a leftover.</summary>
    internal static string Alias(string podId, string bridge) => $"{AliasPrefix}{podId} on {bridge}";

    internal static bool IsOf(string bridge, string alias) =>
        alias.StartsWith(AliasPrefix, StringComparison.Ordinal) && alias.EndsWith($" on {bridge}", StringComparison.Ordinal);

    internal static string HostInterface(string podId) =>
        Prefix + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(podId)))[..NameDigits];

    /// <summary>Follows from the IPv4 address, so neighbours' caches stay right when the address gets another owner.</summary>
    internal static string MacAddress(string podId, IReadOnlyList<IPAddress> addresses)
    {
        byte[] tail = addresses.FirstOrDefault(static a => a.GetAddressBytes().Length == 4)?.GetAddressBytes()
            ?? SHA256.HashData(Encoding.UTF8.GetBytes("pod " + podId))[..4];
        return $"0a:67:{tail[0]:x2}:{tail[1]:x2}:{tail[2]:x2}:{tail[3]:x2}";
    }

    /// <summary>Makes all of it; on failure nothing is left.</summary>
    /// <returns>The namespace, and a socket inside it; both belong to the caller.</returns>
    internal (OwnedFd Namespace, RouteSocket Inside) Make(PodNetworkRecord record, int bridgeIndex, int mtu)
    {
        (OwnedFd podNamespace, RouteSocket inside) = NetworkNamespace.Create(OpenInside);
        try
        {
            Plug(record, podNamespace, bridgeIndex, mtu);
            Configure(inside, record);
            return (podNamespace, inside);
        }
        catch
        {
            inside.Dispose();
            podNamespace.Dispose();
            throw;
        }
    }

    private static RouteSocket OpenInside()
    {
        // Interfaces that come later inherit it: no pod may become another's router by advertising itself (CVE-2020-10749).
        const string acceptRouters = "/proc/sys/net/ipv6/conf/default/accept_ra";
        if (File.Exists(acceptRouters))
        {
            File.WriteAllText(acceptRouters, "0");
        }

        return RouteSocket.Open();
    }

    private void Plug(PodNetworkRecord record, OwnedFd podNamespace, int bridgeIndex, int mtu)
    {
        string name = record.HostInterface!;
        RouteBatch batch = new RouteBatch()
            .AddVeth(new VethPair
            {
                Name = name,
                BridgeIndex = bridgeIndex,
                PeerName = record.InterfaceName,
                PeerNamespace = podNamespace,
                PeerMac = ParseMac(record.MacAddress!),
                Mtu = mtu,
            })
            .SetPortUp(name, Alias(record.Request.PodId, settings.Bridge));
        try
        {
            host.Route.Execute(batch);
        }
        catch (SyscallException e) when (e.Errno == Errno.EEXIST)
        {
            // Left by an attempt that a crash cut off: the name belongs to this pod alone.
            host.Report(NoticeLevel.Warning, $"{name} of pod {record.Request.PodId} was left by an earlier attempt; making it anew", e);
            host.Route.DeleteLink(name);
            host.Route.Execute(batch);
        }
        catch (SyscallException)
        {
            host.Route.DeleteLink(name);
            throw;
        }
    }

    private static void Configure(RouteSocket inside, PodNetworkRecord record)
    {
        LinkInfo link = inside.FindLink(record.InterfaceName)
            ?? throw new NetworkException(NetworkError.Failed, $"{record.InterfaceName} is not in the pod");
        RouteBatch batch = new();
        batch.SetUp("lo");
        foreach (PodAddress address in record.Addresses)
        {
            batch.AddAddress(link.Index, IPAddress.Parse(address.Ip), address.PrefixLength);
        }

        batch.SetUp(record.InterfaceName);
        foreach (PodAddress address in record.Addresses.Where(static a => a.Gateway.Length > 0))
        {
            batch.AddRoute(null, 0, IPAddress.Parse(address.Gateway), link.Index);
        }

        inside.Execute(batch);
    }

    private static byte[] ParseMac(string text) =>
        [.. text.Split(':').Select(static part => byte.Parse(part, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))];

    /// <exception cref="NetworkException">What differs from how it was made.</exception>
    internal void Check(PodNetworkRecord record, int bridgeIndex)
    {
        LinkInfo link = host.Route.FindLink(record.HostInterface!)
            ?? throw Differs(record, $"interface {record.HostInterface} is gone");
        if (link.Master != bridgeIndex)
        {
            throw Differs(record, $"interface {record.HostInterface} is no port of {settings.Bridge}");
        }

        if (!link.Up)
        {
            throw Differs(record, $"interface {record.HostInterface} is down");
        }
    }

    private static NetworkException Differs(PodNetworkRecord record, string what) =>
        new(NetworkError.Failed, $"network of pod {record.Request.PodId}: {what}");
}
