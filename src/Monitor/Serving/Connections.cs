// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop;
using Gantry.Interop.Events;
using Gantry.Interop.Sockets;
using Gantry.MonitorApi;
using Gantry.MonitorApi.Framing;

namespace Gantry.Monitor.Serving;

/// <summary>All connections of gantryd: the one it started us with, and those by path. None of them ending ends the monitor.</summary>
internal sealed class Connections : IDisposable
{
    private const int Protocol = 1;
    private const int MaxConnections = 32;
    private const long MaxQueued = 4 << 20;
    private readonly EventLoop _loop;
    private readonly OwnedFd _listener;
    private readonly EventLoop.Watch _watch;
    private readonly Action<FrameChannel, Envelope, ReceivedFds> _onRequest;
    private readonly List<FrameChannel> _channels = [];

    /// <param name="listener">Owned from now on.</param>
    internal Connections(EventLoop loop, OwnedFd listener, Action<FrameChannel, Envelope, ReceivedFds> onRequest)
    {
        _loop = loop;
        _listener = listener;
        _onRequest = onRequest;
        _watch = loop.Add(listener, EpollEvents.EPOLLIN, _ => AcceptAll());
    }

    /// <summary>Serves on a connected socket.</summary>
    /// <param name="socket">Owned from now on.</param>
    internal void Adopt(OwnedFd socket)
    {
        FrameChannel? channel = null;
        channel = new FrameChannel(_loop, socket, MaxQueued, (json, fds) => OnFrame(channel!, json, fds), cause => OnClosed(channel!, cause));
        _channels.Add(channel);
        channel.Send(FrameWriter.Event(MonitorCalls.Ready, new MonitorReady(Protocol, Environment.ProcessId), MonitorJson.Default.MonitorReady));
    }

    /// <summary>Tells everybody who is connected.</summary>
    internal void Broadcast(byte[] frame)
    {
        foreach (FrameChannel channel in _channels)
        {
            channel.Send(frame);
        }
    }

    public void Dispose()
    {
        _watch.Dispose();
        _listener.Dispose();
        foreach (FrameChannel channel in _channels.ToArray())
        {
            channel.End(null);
        }
    }

    private void AcceptAll()
    {
        try
        {
            while (UnixSocket.TryAccept(_listener) is OwnedFd socket)
            {
                PeerCredentials peer = UnixSocket.GetPeerCredentials(socket);
                if (peer.Uid == 0 && _channels.Count < MaxConnections)
                {
                    Adopt(socket);
                }
                else
                {
                    MonitorLog.Warn($"refused a connection of uid {peer.Uid}, pid {peer.Pid}; {_channels.Count} are open");
                    socket.Dispose();
                }
            }
        }
        catch (SyscallException e)
        {
            MonitorLog.Error($"accept: {e.Message}");
        }
    }

    private void OnFrame(FrameChannel channel, ReadOnlySpan<byte> json, IReadOnlyList<OwnedFd> descriptors)
    {
        ReceivedFds fds = new(descriptors);
        try
        {
            Envelope envelope = System.Text.Json.JsonSerializer.Deserialize(json, MonitorJson.Default.Envelope)
                ?? throw new System.Text.Json.JsonException("null is no message");
            _onRequest(channel, envelope, fds);
        }
        catch (System.Text.Json.JsonException e)
        {
            fds.Dispose();
            channel.End(e);
        }
    }

    private void OnClosed(FrameChannel channel, Exception? cause)
    {
        _channels.Remove(channel);
        if (cause is not null)
        {
            MonitorLog.Warn($"a connection ended: {cause.Message}");
        }
    }
}
