// SPDX-License-Identifier: Apache-2.0
using System.Net.Sockets;
using Gantry.Cgroups;
using Gantry.Cri.Control;
using Gantry.Engine;
using Gantry.Images;
using Gantry.Kit;
using Gantry.MonitorApi.Client;
using Gantry.Network;
using Gantry.Storage.Snapshots;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gantry.Cri.Tests;

/// <summary>The services on a unix socket before a real engine in a directory of its own, and a client.</summary>
internal sealed class ServedEngine : IAsyncDisposable
{
    private readonly TempRoot _root = new();
    private readonly Stack<Func<ValueTask>> _undo = new();

    private ServedEngine()
    {
    }

    public V1.RuntimeService.RuntimeServiceClient Runtime { get; private set; } = null!;

    public V1.ImageService.ImageServiceClient Images { get; private set; } = null!;

    public Gantry.Control.V1.Control.ControlClient Control { get; private set; } = null!;

    public static async Task<ServedEngine> StartAsync()
    {
        var served = new ServedEngine();
        served._undo.Push(() => Done(served._root.Dispose));
        GantryEngine engine = served.Engine();
        await engine.RecoverAsync(CancellationToken.None);
        string socket = served._root["cri.sock"];
        await served.ServeAsync(engine, socket);
        served.Connect(socket);
        return served;
    }

    public async ValueTask DisposeAsync()
    {
        while (_undo.TryPop(out Func<ValueTask>? undo))
        {
            await undo();
        }
    }

    private static ValueTask Done(Action action)
    {
        action();
        return ValueTask.CompletedTask;
    }

    private GantryEngine Engine()
    {
        CgroupHierarchies cgroups = Own(CgroupHierarchies.Detect());
        SnapshotStore snapshots = SnapshotStore.Open(_root["root"]);
        _undo.Push(snapshots.DisposeAsync);
        ImageVolumes volumes = ImageVolumes.Open(_root["root"]);
        _undo.Push(volumes.DisposeAsync);
        var settings = new NetworkSettings
        {
            Mode = NetworkMode.Cni,
            StateDirectory = _root["state/network"],
            RootDirectory = _root["root/network"],
            Cni = new CniSettings { ConfigDirectory = _root["no-cni"] },
        };
        var parts = new EngineParts
        {
            Images = Own(Gantry.Images.ImageService.Open(new ImageServiceOptions { Root = _root["root"] }, snapshots)),
            Snapshots = snapshots,
            Volumes = volumes,
            Network = Own(new NetworkSelector(settings)),
            Cgroups = cgroups,
            Monitors = new MonitorLauncher(Own(new MonitorLoop()), "/nonexistent/gantry-monitor", []),
        };
        var options = new EngineOptions { Root = _root["root"], State = _root["state"], RuntimeHandlers = ["second"] };
        var engine = new GantryEngine(options, parts, TimeProvider.System, NullLogger<GantryEngine>.Instance);
        _undo.Push(engine.DisposeAsync);
        return engine;
    }

    private T Own<T>(T disposable)
        where T : IDisposable
    {
        _undo.Push(() => Done(disposable.Dispose));
        return disposable;
    }

    private async Task ServeAsync(GantryEngine engine, string socket)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.Services.AddCri(engine, () => new DaemonFacts
        {
            StartedAt = DateTimeOffset.UtcNow, ConfigFile = "", CgroupVersion = "hybrid", Settings = new Dictionary<string, string>(),
        });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
            kestrel.ListenUnixSocket(socket, listen => listen.Protocols = HttpProtocols.Http2));
        WebApplication app = builder.Build();
        app.MapCri();
        await app.StartAsync();
        _undo.Push(app.DisposeAsync);
    }

    private void Connect(string path)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        GrpcChannel channel = Own(GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true }));
        Runtime = new V1.RuntimeService.RuntimeServiceClient(channel);
        Images = new V1.ImageService.ImageServiceClient(channel);
        Control = new Gantry.Control.V1.Control.ControlClient(channel);
    }
}
