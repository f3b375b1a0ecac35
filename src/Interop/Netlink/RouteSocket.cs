// SPDX-License-Identifier: Apache-2.0
using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static Gantry.Interop.Netlink.NetlinkConstants;

namespace Gantry.Interop.Netlink;

/// <summary>A network interface as the kernel reports it.</summary>
/// <param name="Index">Greater than zero.</param>
/// <param name="Master">Index of the bridge it belongs to; zero for none.</param>
/// <param name="Kind">"veth", "bridge", …; empty for hardware and loopback.</param>
/// <param name="Carries">Traffic passes: it is operational, has a queue, and as a port of a bridge forwards. Lags behind <c>Up</c>, because the kernel gets there by a work queue.</param>
public sealed record LinkInfo(int Index, string Name, int Master, int Mtu, bool Up, string Kind, string Alias, bool Carries);

/// <summary>An address of an interface.</summary>
public sealed record LinkAddress(int Index, IPAddress Address, int PrefixLength);

/// <summary>A route of the main table.</summary>
/// <param name="Destination"><see langword="null"/>: the default route.</param>
/// <param name="Index">Interface it leaves by; zero when it has several next hops.</param>
public sealed record RouteInfo(IPAddress? Destination, int PrefixLength, IPAddress? Gateway, int Index);

/// <summary>rtnetlink in one network namespace: that of the thread which called <see cref="Open"/>.</summary>
public sealed class RouteSocket : IDisposable
{
    private const uint SkipStatistics = 8;
    private const ushort IFLA_GROUP = 27;
    private const ushort IFLA_EXT_MASK = 29;
    private const int MaxDumpAttempts = 5;

    private readonly NetlinkSocket _socket;

    private RouteSocket(NetlinkSocket socket) => _socket = socket;

    public static RouteSocket Open() => new(NetlinkSocket.Open(NETLINK_ROUTE));

    /// <summary>Runs a list of changes in one system call; the kernel goes on after a refused one.</summary>
    /// <exception cref="SyscallException">The first refused change; its subject holds the kernel's explanation.</exception>
    public void Execute(RouteBatch batch) => _socket.Execute(batch.Write);

    /// <returns><see langword="null"/>: there is none of that name.</returns>
    public LinkInfo? FindLink(string name)
    {
        LinkInfo? found = null;
        try
        {
            _socket.Execute(
                writer =>
                {
                    writer.Begin(RTM_GETLINK, NLM_F_ACK, name);
                    writer.Fixed(default(Libc.IfInfoMsg));
                    writer.UInt32(IFLA_EXT_MASK, SkipStatistics);
                    writer.Text(IFLA_IFNAME, name);
                },
                message => found ??= ReadLink(message));
        }
        catch (SyscallException e) when (e.Errno == Errno.ENODEV)
        {
            return null;
        }

        return found;
    }

    public IReadOnlyList<LinkInfo> Links() => Dump(
        writer =>
        {
            writer.Begin(RTM_GETLINK, NLM_F_DUMP, "all links");
            writer.Fixed(default(Libc.IfInfoMsg));
            writer.UInt32(IFLA_EXT_MASK, SkipStatistics);
        },
        ReadLink);

    public IReadOnlyList<LinkAddress> Addresses() => Dump(
        writer =>
        {
            writer.Begin(RTM_GETADDR, NLM_F_DUMP, "all addresses");
            writer.Fixed(default(Libc.IfAddrMsg));
        },
        ReadAddress);

    /// <summary>Unicast routes of the main table, both families.</summary>
    public IReadOnlyList<RouteInfo> Routes() =>
        [.. Routes(AF_INET), .. Routes(AF_INET6)];

    /// <summary>Whether packets to an address are delivered here. Lags behind adding an IPv6 address: its route comes by a work queue.</summary>
    public bool IsLocal(IPAddress address)
    {
        bool local = false;
        byte[] bytes = address.GetAddressBytes();
        try
        {
            _socket.Execute(
                writer =>
                {
                    writer.Begin(RTM_GETROUTE, NLM_F_ACK, $"route to {address}");
                    writer.Fixed(new Libc.RtMsg { Family = (byte)(bytes.Length == 4 ? AF_INET : AF_INET6), DestinationLength = (byte)(bytes.Length * 8) });
                    writer.Bytes(RTA_DST, bytes);
                },
                message => local |= message.Type == RTM_NEWROUTE
                    && message.Body.Length >= Unsafe.SizeOf<Libc.RtMsg>() && MemoryMarshal.Read<Libc.RtMsg>(message.Body).Type == RTN_LOCAL);
        }
        catch (SyscallException e) when (e.Errno is Errno.ENETUNREACH or Errno.EHOSTUNREACH)
        {
            return false;
        }

        return local;
    }

    /// <summary>Deletes an interface (a veth takes its peer with it). About 55 ms, under the kernel's RTNL lock.</summary>
    /// <returns><see langword="false"/>: it was not there.</returns>
    public bool DeleteLink(string name)
    {
        try
        {
            _socket.Execute(writer =>
            {
                writer.Begin(RTM_DELLINK, NLM_F_ACK, name);
                writer.Fixed(default(Libc.IfInfoMsg));
                writer.Text(IFLA_IFNAME, name);
            });
            return true;
        }
        catch (SyscallException e) when (e.Errno == Errno.ENODEV)
        {
            return false;
        }
    }

    /// <summary>Deletes several interfaces for the price of one: they get a group number, and the group is deleted.</summary>
    /// <param name="names">Those that are gone already are skipped.</param>
    public void DeleteLinks(IReadOnlyCollection<string> names)
    {
        uint group = (uint)Random.Shared.Next() | 0x4000_0000;
        int marked = names.Count(name => SetGroup(name, group));
        if (marked == 0)
        {
            return;
        }

        try
        {
            _socket.Execute(writer =>
            {
                writer.Begin(RTM_DELLINK, NLM_F_ACK, $"{marked} links");
                writer.Fixed(default(Libc.IfInfoMsg));
                writer.UInt32(IFLA_GROUP, group);
            });
        }
        catch (SyscallException e) when (e.Errno == Errno.ENODEV)
        {
            // They went by themselves meanwhile.
        }
    }

    public void Dispose() => _socket.Dispose();

    private bool SetGroup(string name, uint group)
    {
        try
        {
            _socket.Execute(writer =>
            {
                writer.Begin(RTM_NEWLINK, NLM_F_ACK, $"{name} group {group}");
                writer.Fixed(default(Libc.IfInfoMsg));
                writer.Text(IFLA_IFNAME, name);
                writer.UInt32(IFLA_GROUP, group);
            });
            return true;
        }
        catch (SyscallException e) when (e.Errno == Errno.ENODEV)
        {
            return false;
        }
    }

    private List<RouteInfo> Routes(int family) => Dump(
        writer =>
        {
            writer.Begin(RTM_GETROUTE, NLM_F_DUMP, "all routes");
            writer.Fixed(new Libc.RtMsg { Family = (byte)family });
        },
        ReadRoute);

    private List<T> Dump<T>(Action<NetlinkWriter> request, Reader<T> read)
        where T : class
    {
        for (int attempt = 1; ; attempt++)
        {
            List<T> found = [];
            try
            {
                _socket.Execute(request, message =>
                {
                    if (read(message) is T item)
                    {
                        found.Add(item);
                    }
                });
                return found;
            }
            catch (SyscallException e) when (e.Errno == Errno.EINTR && attempt < MaxDumpAttempts)
            {
                // Changed while it was read: ask again.
            }
            catch (SyscallException e) when (e.Errno == Errno.EOPNOTSUPP)
            {
                return found; // The kernel has no such family.
            }
        }
    }

    private static LinkInfo? ReadLink(NetlinkMessage message)
    {
        int size = Unsafe.SizeOf<Libc.IfInfoMsg>();
        if (message.Type != RTM_NEWLINK || message.Body.Length < size)
        {
            return null;
        }

        Libc.IfInfoMsg header = MemoryMarshal.Read<Libc.IfInfoMsg>(message.Body);
        ReadOnlySpan<byte> attributes = message.Body[size..];
        return new LinkInfo(
            header.Index,
            NetlinkAttributes.Text(NetlinkAttributes.Find(attributes, IFLA_IFNAME)),
            (int)NetlinkAttributes.UInt32(NetlinkAttributes.Find(attributes, IFLA_MASTER)),
            (int)NetlinkAttributes.UInt32(NetlinkAttributes.Find(attributes, IFLA_MTU)),
            (header.Flags & IFF_UP) != 0,
            NetlinkAttributes.Text(NetlinkAttributes.Find(NetlinkAttributes.Find(attributes, IFLA_LINKINFO), IFLA_INFO_KIND)),
            NetlinkAttributes.Text(NetlinkAttributes.Find(attributes, IFLA_IFALIAS)),
            Carries(attributes));
    }

    private static bool Carries(ReadOnlySpan<byte> attributes)
    {
        ReadOnlySpan<byte> state = NetlinkAttributes.Find(attributes, IFLA_OPERSTATE);
        ReadOnlySpan<byte> port = NetlinkAttributes.Find(
            NetlinkAttributes.Find(NetlinkAttributes.Find(attributes, IFLA_LINKINFO), IFLA_INFO_SLAVE_DATA), IFLA_BRPORT_STATE);
        return !state.IsEmpty && state[0] == IF_OPER_UP
            && NetlinkAttributes.Text(NetlinkAttributes.Find(attributes, IFLA_QDISC)) != "noop"
            && (port.IsEmpty || port[0] == BR_STATE_FORWARDING);
    }

    private static LinkAddress? ReadAddress(NetlinkMessage message)
    {
        int size = Unsafe.SizeOf<Libc.IfAddrMsg>();
        if (message.Type != RTM_NEWADDR || message.Body.Length < size)
        {
            return null;
        }

        Libc.IfAddrMsg header = MemoryMarshal.Read<Libc.IfAddrMsg>(message.Body);
        ReadOnlySpan<byte> attributes = message.Body[size..];
        ReadOnlySpan<byte> local = NetlinkAttributes.Find(attributes, IFA_LOCAL);
        IPAddress? address = Address(local.IsEmpty ? NetlinkAttributes.Find(attributes, IFA_ADDRESS) : local);
        return address is null ? null : new LinkAddress(header.Index, address, header.PrefixLength);
    }

    private static RouteInfo? ReadRoute(NetlinkMessage message)
    {
        int size = Unsafe.SizeOf<Libc.RtMsg>();
        if (message.Type != RTM_NEWROUTE || message.Body.Length < size)
        {
            return null;
        }

        Libc.RtMsg header = MemoryMarshal.Read<Libc.RtMsg>(message.Body);
        ReadOnlySpan<byte> attributes = message.Body[size..];
        return header.Table != RT_TABLE_MAIN || header.Type != RTN_UNICAST
            ? null
            : new RouteInfo(
                Address(NetlinkAttributes.Find(attributes, RTA_DST)),
                header.DestinationLength,
                Address(NetlinkAttributes.Find(attributes, RTA_GATEWAY)),
                (int)NetlinkAttributes.UInt32(NetlinkAttributes.Find(attributes, RTA_OIF)));
    }

    private static IPAddress? Address(ReadOnlySpan<byte> bytes) => bytes.Length is 4 or 16 ? new IPAddress(bytes) : null;

    private delegate T? Reader<T>(NetlinkMessage message)
        where T : class;
}
