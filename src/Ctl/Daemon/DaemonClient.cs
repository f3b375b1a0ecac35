// SPDX-License-Identifier: Apache-2.0
using System.Net.Sockets;
using Gantry.Control.V1;
using Gantry.Cri.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace Gantry.Ctl.Daemon;

/// <summary>gantryd over its unix socket.</summary>
internal sealed class DaemonClient : IDisposable
{
    internal const string DefaultSocket = "/run/gantry/gantry.sock";
    private const string Scheme = "unix://";
    private const int MaxMessageBytes = 64 * 1024 * 1024;

    private readonly GrpcChannel _channel;

    /// <param name="address">A path, or unix:// and a path.</param>
    internal DaemonClient(string address)
    {
        SocketPath = address.StartsWith(Scheme, StringComparison.Ordinal) ? address[Scheme.Length..] : address;
        var handler = new SocketsHttpHandler { ConnectCallback = ConnectAsync, UseProxy = false };
        _channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaxMessageBytes,
        });
        Runtime = new RuntimeService.RuntimeServiceClient(_channel);
        Images = new ImageService.ImageServiceClient(_channel);
        Control = new Gantry.Control.V1.Control.ControlClient(_channel);
    }

    internal string SocketPath { get; }

    internal RuntimeService.RuntimeServiceClient Runtime { get; }

    internal ImageService.ImageServiceClient Images { get; }

    internal Gantry.Control.V1.Control.ControlClient Control { get; }

    public void Dispose() => _channel.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
