// SPDX-License-Identifier: Apache-2.0
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using static Gantry.Interop.Netlink.NetlinkConstants;

namespace Gantry.Interop.Netlink;

/// <summary>A pair of virtual interfaces: one end on a bridge, the other born in another namespace.</summary>
public sealed record VethPair
{
    /// <summary>1 to 15 characters.</summary>
    public required string Name { get; init; }

    public required int BridgeIndex { get; init; }

    public required string PeerName { get; init; }

    /// <summary>Must stay open until the batch has run.</summary>
    public required SafeHandle PeerNamespace { get; init; }

    /// <summary>Six bytes; empty: the kernel chooses.</summary>
    public ReadOnlyMemory<byte> PeerMac { get; init; }

    /// <summary>Bytes; both ends.</summary>
    public required int Mtu { get; init; }
}

/// <summary>A list of changes for <see cref="RouteSocket.Execute"/>.</summary>
public sealed class RouteBatch
{
    private readonly List<Action<NetlinkWriter>> _changes = [];

    /// <summary>A bridge without spanning tree, with a hardware address that does not follow its ports.</summary>
    public RouteBatch AddBridge(string name, ReadOnlyMemory<byte> mac, int mtu) => Add(writer =>
    {
        writer.Begin(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, $"bridge {name}");
        writer.Fixed(default(Libc.IfInfoMsg));
        writer.Text(IFLA_IFNAME, name);
        writer.Bytes(IFLA_ADDRESS, mac.Span);
        writer.UInt32(IFLA_MTU, (uint)mtu);
        int info = writer.Nest(IFLA_LINKINFO);
        writer.Text(IFLA_INFO_KIND, "bridge");
        int data = writer.Nest(IFLA_INFO_DATA);
        writer.UInt32(IFLA_BR_FORWARD_DELAY, 0);
        writer.UInt32(IFLA_BR_STP_STATE, 0);
        writer.End(data);
        writer.End(info);
    });

    /// <summary>A pair of virtual interfaces in one message: neither end is ever seen in the wrong place.</summary>
    public RouteBatch AddVeth(VethPair pair) => Add(writer =>
    {
        writer.Begin(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, $"veth {pair.Name}");
        writer.Fixed(default(Libc.IfInfoMsg));
        writer.Text(IFLA_IFNAME, pair.Name);
        writer.UInt32(IFLA_MTU, (uint)pair.Mtu);
        writer.UInt32(IFLA_MASTER, (uint)pair.BridgeIndex);
        int info = writer.Nest(IFLA_LINKINFO);
        writer.Text(IFLA_INFO_KIND, "veth");
        int data = writer.Nest(IFLA_INFO_DATA);
        WritePeer(writer, pair.PeerName, pair.PeerNamespace, pair.PeerMac.Span, pair.Mtu);
        writer.End(data);
        writer.End(info);
    });

    /// <summary>An unattached pair of virtual interfaces (tests, point-to-point links).</summary>
    public RouteBatch AddVeth(string name, string peerName, SafeHandle peerNamespace) => Add(writer =>
    {
        writer.Begin(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, $"veth {name}");
        writer.Fixed(default(Libc.IfInfoMsg));
        writer.Text(IFLA_IFNAME, name);
        int info = writer.Nest(IFLA_LINKINFO);
        writer.Text(IFLA_INFO_KIND, "veth");
        int data = writer.Nest(IFLA_INFO_DATA);
        WritePeer(writer, peerName, peerNamespace, [], 0);
        writer.End(data);
        writer.End(info);
    });

    public RouteBatch SetUp(string name) => Add(writer =>
    {
        writer.Begin(RTM_NEWLINK, NLM_F_ACK, $"{name} up");
        writer.Fixed(new Libc.IfInfoMsg { Flags = IFF_UP, Change = IFF_UP });
        writer.Text(IFLA_IFNAME, name);
    });

    /// <summary>Sets a bridge port up, with hairpin on: it may send back what it received (a pod that reaches itself while br_netfilter is on).</summary>
    /// <param name="alias">Free text shown by <c>ip link</c>, at most 255 bytes. The kernel ignores it in the message that makes a link.</param>
    public RouteBatch SetPortUp(string name, string alias) => Add(writer =>
    {
        writer.Begin(RTM_NEWLINK, NLM_F_ACK, $"bridge port {name} up");
        writer.Fixed(new Libc.IfInfoMsg { Flags = IFF_UP, Change = IFF_UP });
        writer.Text(IFLA_IFNAME, name);
        writer.Text(IFLA_IFALIAS, alias);
        int info = writer.Nest(IFLA_LINKINFO);
        writer.Text(IFLA_INFO_SLAVE_KIND, "bridge");
        int data = writer.Nest(IFLA_INFO_SLAVE_DATA);
        writer.UInt8(IFLA_BRPORT_MODE, 1);
        writer.End(data);
        writer.End(info);
    });

    /// <summary>Adds an address. IPv6 without duplicate address detection: usable at once.</summary>
    public RouteBatch AddAddress(int index, IPAddress address, int prefixLength) => Add(writer =>
    {
        bool v6 = address.AddressFamily == AddressFamily.InterNetworkV6;
        byte[] bytes = address.GetAddressBytes();
        writer.Begin(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, $"address {address}/{prefixLength}");
        writer.Fixed(new Libc.IfAddrMsg { Family = Family(address), PrefixLength = (byte)prefixLength, Index = index });
        writer.Bytes(IFA_LOCAL, bytes);
        writer.Bytes(IFA_ADDRESS, bytes);
        if (v6)
        {
            writer.UInt32(IFA_FLAGS, IFA_F_NODAD);
        }
        else if (prefixLength < 31)
        {
            writer.Bytes(IFA_BROADCAST, Broadcast(bytes, prefixLength));
        }
    });

    public RouteBatch DeleteAddress(int index, IPAddress address, int prefixLength) => Add(writer =>
    {
        writer.Begin(RTM_DELADDR, NLM_F_ACK, $"address {address}/{prefixLength}");
        writer.Fixed(new Libc.IfAddrMsg { Family = Family(address), PrefixLength = (byte)prefixLength, Index = index });
        writer.Bytes(IFA_LOCAL, address.GetAddressBytes());
    });

    /// <param name="destination"><see langword="null"/>: the default route of the gateway's family.</param>
    public RouteBatch AddRoute(IPAddress? destination, int prefixLength, IPAddress gateway, int index) => Add(writer =>
    {
        writer.Begin(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, $"route {destination?.ToString() ?? "default"} via {gateway}");
        writer.Fixed(new Libc.RtMsg
        {
            Family = Family(gateway),
            DestinationLength = (byte)(destination is null ? 0 : prefixLength),
            Table = RT_TABLE_MAIN,
            Protocol = RTPROT_STATIC,
            Type = RTN_UNICAST,
        });
        if (destination is not null)
        {
            writer.Bytes(RTA_DST, destination.GetAddressBytes());
        }

        writer.Bytes(RTA_GATEWAY, gateway.GetAddressBytes());
        writer.UInt32(RTA_OIF, (uint)index);
    });

    internal void Write(NetlinkWriter writer)
    {
        foreach (Action<NetlinkWriter> change in _changes)
        {
            change(writer);
        }
    }

    private RouteBatch Add(Action<NetlinkWriter> change)
    {
        _changes.Add(change);
        return this;
    }

    private static void WritePeer(NetlinkWriter writer, string name, SafeHandle target, ReadOnlySpan<byte> mac, int mtu)
    {
        using FdLease lease = new(target);
        int peer = writer.Nest(VETH_INFO_PEER);
        writer.Fixed(default(Libc.IfInfoMsg));
        writer.Text(IFLA_IFNAME, name);
        if (!mac.IsEmpty)
        {
            writer.Bytes(IFLA_ADDRESS, mac);
        }

        if (mtu > 0)
        {
            writer.UInt32(IFLA_MTU, (uint)mtu);
        }

        writer.UInt32(IFLA_NET_NS_FD, (uint)lease.Fd);
        writer.End(peer);
    }

    private static byte Family(IPAddress address) =>
        (byte)(address.AddressFamily == AddressFamily.InterNetworkV6 ? AF_INET6 : AF_INET);

    private static byte[] Broadcast(byte[] address, int prefixLength)
    {
        byte[] result = [.. address];
        for (int bit = prefixLength; bit < 32; bit++)
        {
            result[bit / 8] |= (byte)(0x80 >> (bit % 8));
        }

        return result;
    }
}
