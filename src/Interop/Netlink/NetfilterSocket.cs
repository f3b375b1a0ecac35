// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using static Gantry.Interop.Netlink.NetlinkConstants;

namespace Gantry.Interop.Netlink;

/// <summary>What nftables says about a table; equal values mean that nobody has rebuilt or emptied it.</summary>
/// <param name="Handle">Given at creation.</param>
/// <param name="Use">Number of chains, sets and maps in it.</param>
public readonly record struct NftTableState(ulong Handle, uint Use);

/// <summary>nfnetlink in one network namespace: that of the thread which called <see cref="Open"/>.</summary>
public sealed class NetfilterSocket : IDisposable
{
    private const ushort CtGet = (1 << 8) | 1;
    private const ushort CtNew = 1 << 8;
    private const ushort CtDelete = (1 << 8) | 2;
    private const ushort NftGetTable = (10 << 8) | 1;

    private const ushort CTA_TUPLE_ORIG = 1;
    private const ushort CTA_TUPLE_PROTO = 2;
    private const ushort CTA_PROTO_NUM = 1;
    private const ushort CTA_PROTO_DST_PORT = 3;
    private const ushort CTA_ID = 12;
    private const ushort CTA_ZONE = 18;
    private const ushort NFTA_TABLE_NAME = 1;
    private const ushort NFTA_TABLE_USE = 3;
    private const ushort NFTA_TABLE_HANDLE = 4;

    /// <summary>Connections are forgotten in batches of this many.</summary>
    private const int DeleteBatch = 64;

    private readonly NetlinkSocket _socket;

    private NetfilterSocket(NetlinkSocket socket) => _socket = socket;

    public static NetfilterSocket Open() => new(NetlinkSocket.Open(NETLINK_NETFILTER));

    /// <summary>Asks for a table of family inet without libnftables: about ten microseconds.</summary>
    /// <returns><see langword="null"/>: there is none.</returns>
    public NftTableState? FindTable(string name)
    {
        NftTableState? found = null;
        try
        {
            _socket.Execute(
                writer =>
                {
                    writer.Begin(NftGetTable, NLM_F_ACK, $"table {name}");
                    writer.Fixed(new Libc.NfGenMsg { Family = NFPROTO_INET });
                    writer.Text(NFTA_TABLE_NAME, name);
                },
                message => found = ReadTable(message));
        }
        catch (SyscallException e) when (e.Errno == Errno.ENOENT)
        {
            return null;
        }

        return found;
    }

    /// <summary>Makes the kernel forget connections to given ports, so that their next packet meets the present rules.</summary>
    /// <param name="protocol">Number of the transport protocol: 17 is UDP.</param>
    /// <param name="ports">Destination ports as the clients see them.</param>
    /// <returns>How many were forgotten.</returns>
    public int ForgetConnections(byte protocol, IReadOnlySet<int> ports)
    {
        int forgotten = 0;
        foreach (byte family in (ReadOnlySpan<byte>)[AF_INET, AF_INET6])
        {
            foreach (Connection[] some in Find(family, protocol, ports).Chunk(DeleteBatch))
            {
                forgotten += some.Length;
                Delete(family, some);
            }
        }

        return forgotten;
    }

    public void Dispose() => _socket.Dispose();

    private List<Connection> Find(byte family, byte protocol, IReadOnlySet<int> ports)
    {
        List<Connection> found = [];
        try
        {
            _socket.Execute(
                writer =>
                {
                    writer.Begin(CtGet, NLM_F_DUMP, "connections");
                    writer.Fixed(new Libc.NfGenMsg { Family = family });
                },
                message =>
                {
                    if (ReadConnection(message, protocol, ports) is Connection connection)
                    {
                        found.Add(connection);
                    }
                });
        }
        catch (SyscallException e) when (e.Errno is Errno.EINTR or Errno.EINVAL or Errno.EOPNOTSUPP)
        {
            // EINTR: the table changed meanwhile, which is normal; others: no connection tracking, so nothing to forget.
        }

        return found;
    }

    private void Delete(byte family, Connection[] connections)
    {
        try
        {
            _socket.Execute(writer =>
            {
                foreach (Connection connection in connections)
                {
                    writer.Begin(CtDelete, NLM_F_ACK, "connection");
                    writer.Fixed(new Libc.NfGenMsg { Family = family });
                    int tuple = writer.Nest(CTA_TUPLE_ORIG);
                    CopyTuple(writer, connection.Tuple);
                    writer.End(tuple);
                    writer.Bytes(CTA_ID, connection.Id);
                    if (connection.Zone.Length > 0)
                    {
                        writer.Bytes(CTA_ZONE, connection.Zone);
                    }
                }
            });
        }
        catch (SyscallException e) when (e.Errno == Errno.ENOENT)
        {
            // It ended by itself.
        }
    }

    private static void CopyTuple(NetlinkWriter writer, ReadOnlySpan<byte> tuple)
    {
        NetlinkAttributes attributes = new(tuple);
        while (attributes.TryNext(out ushort type, out ReadOnlySpan<byte> value))
        {
            writer.Bytes((ushort)(type | NLA_F_NESTED), value);
        }
    }

    private static Connection? ReadConnection(NetlinkMessage message, byte protocol, IReadOnlySet<int> ports)
    {
        int size = Unsafe.SizeOf<Libc.NfGenMsg>();
        if (message.Type != CtNew || message.Body.Length < size)
        {
            return null;
        }

        ReadOnlySpan<byte> attributes = message.Body[size..];
        ReadOnlySpan<byte> tuple = NetlinkAttributes.Find(attributes, CTA_TUPLE_ORIG);
        ReadOnlySpan<byte> transport = NetlinkAttributes.Find(tuple, CTA_TUPLE_PROTO);
        ReadOnlySpan<byte> number = NetlinkAttributes.Find(transport, CTA_PROTO_NUM);
        ReadOnlySpan<byte> port = NetlinkAttributes.Find(transport, CTA_PROTO_DST_PORT);
        return number.Length < 1 || number[0] != protocol || port.Length < 2 || !ports.Contains(BinaryPrimitives.ReadUInt16BigEndian(port))
            ? null
            : new Connection(
                tuple.ToArray(),
                NetlinkAttributes.Find(attributes, CTA_ID).ToArray(),
                NetlinkAttributes.Find(attributes, CTA_ZONE).ToArray());
    }

    private static NftTableState? ReadTable(NetlinkMessage message)
    {
        int size = Unsafe.SizeOf<Libc.NfGenMsg>();
        if (message.Body.Length < size)
        {
            return null;
        }

        ReadOnlySpan<byte> attributes = message.Body[size..];
        ReadOnlySpan<byte> handle = NetlinkAttributes.Find(attributes, NFTA_TABLE_HANDLE);
        ReadOnlySpan<byte> use = NetlinkAttributes.Find(attributes, NFTA_TABLE_USE);
        return new NftTableState(
            handle.Length < sizeof(ulong) ? 0 : BinaryPrimitives.ReadUInt64BigEndian(handle),
            use.Length < sizeof(uint) ? 0 : BinaryPrimitives.ReadUInt32BigEndian(use));
    }

    private sealed record Connection(byte[] Tuple, byte[] Id, byte[] Zone);
}
