// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;
using Gantry.Interop;
using Gantry.Interop.Events;
using Gantry.Interop.Sockets;
using Gantry.MonitorApi.Client;
using Gantry.MonitorApi.Framing;

namespace Gantry.MonitorApi.Tests.Client;

/// <summary>The other end of a client's connection, on a loop of its own: answers as the test says.</summary>
internal sealed class FakeMonitor : IDisposable
{
    private readonly EventLoop _loop = new();
    private readonly Thread _thread;
    private readonly FrameChannel _channel;

    public FakeMonitor(MonitorLoop clientLoop, Action<FakeMonitor, Envelope, IReadOnlyList<OwnedFd>> onRequest)
    {
        (OwnedFd ours, OwnedFd theirs) = UnixSocket.Pair();
        Client = new MonitorConnection(clientLoop, theirs);
        _channel = new FrameChannel(
            _loop, ours, 64 << 20,
            (json, fds) => onRequest(this, JsonSerializer.Deserialize(json, MonitorJson.Default.Envelope)!, fds), static _ => { });
        _thread = new Thread(_loop.Run);
        _thread.Start();
    }

    public MonitorConnection Client { get; }

    public void Answer(Envelope request) => Send(FrameWriter.Answer(request.Id!.Value, new Done(), MonitorJson.Default.Done));

    public void Send(byte[] frame) => _channel.Send(frame);

    public void Disconnect() => _channel.Dispose();

    public Task CallAsync(string call, CancellationToken cancellationToken) =>
        Client.CallAsync(call, new KillExec(call), MonitorJson.Default.KillExec, MonitorJson.Default.Done, cancellationToken);

    public void Dispose()
    {
        Client.Dispose();
        _loop.Stop();
        _thread.Join();
        _loop.Dispose();
    }
}
