// SPDX-License-Identifier: Apache-2.0
using System.Net.Sockets;
using Gantry.Cri.V1;
using Grpc.Net.Client;

namespace Gantry.Bench.System.Client;

/// <summary>A runtime behind its CRI socket.</summary>
internal sealed class CriRuntime : IDisposable
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;
    private static readonly TimeSpan s_timeout = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(100);
    private readonly GrpcChannel _channel;

    internal CriRuntime(RuntimeAddress address)
    {
        Address = address;
        _channel = Connect(address.Socket);
        Runtime = new RuntimeService.RuntimeServiceClient(_channel);
        Images = new ImageService.ImageServiceClient(_channel);
    }

    internal RuntimeAddress Address { get; }

    internal string Name => Address.Name;

    internal RuntimeService.RuntimeServiceClient Runtime { get; }

    internal ImageService.ImageServiceClient Images { get; }

    /// <summary>A call never takes longer than this.</summary>
    internal static DateTime Deadline => DateTime.UtcNow + s_timeout;

    public void Dispose() => _channel.Dispose();

    internal static GrpcChannel Connect(string socket) => GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
    {
        HttpHandler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancellationToken) => new NetworkStream(await OpenAsync(socket, cancellationToken), ownsSocket: true),
        },
        DisposeHttpClient = true,
        MaxReceiveMessageSize = 64 << 20,
    });

    /// <summary>The process that listens on the socket, as seen from here.</summary>
    internal async Task<int> DaemonPidAsync(CancellationToken cancellationToken)
    {
        using Socket socket = await OpenAsync(Address.Socket, cancellationToken);
        byte[] credentials = new byte[12];
        socket.GetRawSocketOption(SolSocket, SoPeerCred, credentials);
        return BitConverter.ToInt32(credentials, 0);
    }

    /// <summary>A runtime may answer before its network is there.</summary>
    internal async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        DateTime limit = Deadline;
        while (true)
        {
            StatusResponse status = await Runtime.StatusAsync(new StatusRequest(), null, limit, cancellationToken);
            List<RuntimeCondition> missing = [.. status.Status.Conditions.Where(c => !c.Status && (c.Type is "RuntimeReady" or "NetworkReady"))];
            if (missing.Count == 0)
            {
                return;
            }

            if (DateTime.UtcNow > limit)
            {
                throw new InvalidOperationException($"{Name}: {missing[0].Type}: {missing[0].Message}");
            }

            await Task.Delay(s_poll, cancellationToken);
        }
    }

    internal async Task PullAsync(CancellationToken cancellationToken)
    {
        var image = new ImageSpec { Image = Address.Image };
        ImageStatusResponse status = await Images.ImageStatusAsync(new ImageStatusRequest { Image = image }, null, Deadline, cancellationToken);
        if (status.Image is null)
        {
            await Images.PullImageAsync(new PullImageRequest { Image = image }, null, Deadline, cancellationToken);
        }
    }

    private static async Task<Socket> OpenAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
