// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Gantry.Interop.Namespaces;

namespace Gantry.Network.Tests.Kit;

/// <summary>Sends an SCTP INIT and looks at what arrives in a pod, on raw sockets: the kernel need not speak SCTP itself.</summary>
internal sealed partial class SctpProbe : IDisposable
{
    private const int Inet = 2;
    private const int Raw = 3;
    private const int Sctp = 132;

    private readonly Socket _pod;

    internal SctpProbe(SafeHandle pod)
    {
        _pod = NetworkNamespace.Run(pod, Open);
        _pod.ReceiveTimeout = 2000;
    }

    /// <returns>The destination port that the pod sees.</returns>
    internal int SendAndReceive(SafeHandle from, IPAddress host, int port)
    {
        using Socket sender = NetworkNamespace.Run(from, Open);
        sender.SendTo(Init(port), new IPEndPoint(host, 0));
        byte[] packet = new byte[1500];
        int count = _pod.Receive(packet);
        int header = (packet[0] & 0xf) * 4;
        return count < header + 4 ? 0 : BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(header + 2));
    }

    public void Dispose() => _pod.Dispose();

    private static Socket Open()
    {
        int fd = socket(Inet, Raw, Sctp);
        Assert.True(fd >= 0, "raw socket");
        return new Socket(new SafeSocketHandle(fd, ownsHandle: true));
    }

    /// <summary>RFC 9260, sections 3.1 and 3.3.2: common header and one INIT chunk.</summary>
    private static byte[] Init(int port)
    {
        byte[] packet = new byte[32];
        BinaryPrimitives.WriteUInt16BigEndian(packet, 40000);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)port);
        packet[12] = 1;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(14), 20);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(16), 0x01020304);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(20), 65536);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(24), 10);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(26), 10);
        BinaryPrimitives.WriteUInt32LittleEndian(packet.AsSpan(8), Crc32C(packet));
        return packet;
    }

    private static uint Crc32C(byte[] data)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in data)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
            }
        }

        return ~crc;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);
}
