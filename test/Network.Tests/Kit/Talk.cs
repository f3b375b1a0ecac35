// SPDX-License-Identifier: Apache-2.0
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Gantry.Interop.Namespaces;

namespace Gantry.Network.Tests.Kit;

/// <summary>A server that tells each client the address it sees it under. TCP and UDP, both families.</summary>
internal sealed class WhoAmI : IDisposable
{
    private const int Backlog = 16;

    private readonly CancellationTokenSource _stop = new();
    private readonly Socket[] _sockets;

    /// <param name="where">Network namespace to serve in.</param>
    internal WhoAmI(SafeHandle where, int port, string name = "", IPAddress? only = null)
    {
        _sockets = NetworkNamespace.Run(where, () => Open(port, only));
        foreach (Socket socket in _sockets)
        {
            _ = socket.SocketType == SocketType.Stream ? ServeStreamAsync(socket, name) : ServeDatagramsAsync(socket, name);
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        foreach (Socket socket in _sockets)
        {
            socket.Dispose();
        }

        _stop.Dispose();
    }

    private static Socket[] Open(int port, IPAddress? only)
    {
        IPAddress address = only ?? IPAddress.IPv6Any;
        Socket stream = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        Socket datagrams = new(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        if (only is null)
        {
            stream.DualMode = true;
            datagrams.DualMode = true;
        }

        stream.Bind(new IPEndPoint(address, port));
        stream.Listen(Backlog);
        datagrams.Bind(new IPEndPoint(address, port));
        return [stream, datagrams];
    }

    private async Task ServeStreamAsync(Socket listener, string name)
    {
        try
        {
            while (true)
            {
                using Socket client = await listener.AcceptAsync(_stop.Token);
                await client.SendAsync(Answer(name, client.RemoteEndPoint!), _stop.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }

    private async Task ServeDatagramsAsync(Socket socket, string name)
    {
        byte[] buffer = new byte[64];
        try
        {
            while (true)
            {
                SocketReceiveFromResult got = await socket.ReceiveFromAsync(
                    buffer, new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0), _stop.Token);
                await socket.SendToAsync(Answer(name, got.RemoteEndPoint), got.RemoteEndPoint, _stop.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }

    private static byte[] Answer(string name, EndPoint client)
    {
        IPAddress address = ((IPEndPoint)client).Address;
        return Encoding.ASCII.GetBytes(name + (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address));
    }
}

/// <summary>Asks such a server.</summary>
internal static class Ask
{
    internal const string Nothing = "no answer";

    private const int Patience = 8000;

    internal static string Tcp(SafeHandle from, IPAddress server, int port, int patience = Patience) => NetworkNamespace.Run(from, () =>
    {
        using Socket socket = new(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.ReceiveTimeout = patience;
        try
        {
            if (!socket.ConnectAsync(server, port).Wait(patience))
            {
                return Nothing;
            }

            byte[] buffer = new byte[64];
            return Encoding.ASCII.GetString(buffer, 0, socket.Receive(buffer));
        }
        catch (Exception e) when (e is SocketException or AggregateException)
        {
            return Nothing;
        }
    });

    internal static string Udp(SafeHandle from, IPAddress server, int port, int localPort = 0, int patience = Patience) => NetworkNamespace.Run(from, () =>
    {
        using Socket socket = new(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        socket.ReceiveTimeout = patience;
        try
        {
            socket.Bind(new IPEndPoint(server.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, localPort));
            socket.Connect(server, port);
            socket.Send("?"u8);
            byte[] buffer = new byte[64];
            return Encoding.ASCII.GetString(buffer, 0, socket.Receive(buffer));
        }
        catch (SocketException)
        {
            return Nothing;
        }
    });
}
