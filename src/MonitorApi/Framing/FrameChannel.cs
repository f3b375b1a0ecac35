// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop;
using Gantry.Interop.Events;
using Gantry.Interop.Sockets;

namespace Gantry.MonitorApi.Framing;

/// <summary>Receives a frame. The descriptors are owned by the receiver.</summary>
public delegate void FrameHandler(ReadOnlySpan<byte> json, IReadOnlyList<OwnedFd> descriptors);

/// <summary>Frames over a unix stream socket, on an event loop.</summary>
/// <remarks>Everything but the constructor, <see cref="Send"/> and <see cref="Dispose"/> belongs to the loop's thread.</remarks>
public sealed class FrameChannel : IDisposable
{
    private const int MaxReadsInARow = 16;
    private readonly EventLoop _loop;
    private readonly OwnedFd _socket;
    private readonly FrameHandler _onFrame;
    private readonly Action<Exception?> _onClosed;
    private readonly long _maxQueued;
    private readonly FrameReader _reader = new();
    private readonly Queue<Outgoing> _queue = new();
    private readonly Lock _sendLock = new();
    private EventLoop.Watch? _watch;
    private long _queued;
    private bool _closed;

    /// <summary>Starts to read, soon.</summary>
    /// <param name="socket">Owned from now on.</param>
    /// <param name="maxQueued">Bytes that may wait for a peer that does not read; more ends the connection.</param>
    /// <param name="onClosed">Called once, on the loop's thread; with <see langword="null"/> when the peer or <see cref="Dispose"/> ended it.</param>
    public FrameChannel(EventLoop loop, OwnedFd socket, long maxQueued, FrameHandler onFrame, Action<Exception?> onClosed)
    {
        _loop = loop;
        _socket = socket;
        _maxQueued = maxQueued;
        _onFrame = onFrame;
        _onClosed = onClosed;
        loop.Post(() => _watch = _closed ? null : loop.Add(socket, EpollEvents.EPOLLIN, OnReady));
    }

    /// <summary>Sends a frame, or queues it while the peer does not read. From any thread; frames stay in the order of the calls.</summary>
    /// <param name="descriptors">Stay the caller's; they may be disposed after the call.</param>
    /// <returns><see langword="false"/>: the channel is closed.</returns>
    public bool Send(byte[] frame, params ReadOnlySpan<SafeHandle> descriptors)
    {
        lock (_sendLock)
        {
            if (_closed)
            {
                return false;
            }

            Outgoing outgoing = new(frame, descriptors);
            try
            {
                if (_queue.Count == 0 && outgoing.TrySend(_socket))
                {
                    outgoing.Release();
                    return true;
                }
            }
            catch (SyscallException e)
            {
                outgoing.Release();
                _loop.Post(() => End(e));
                return true;
            }

            return Enqueue(outgoing);
        }
    }

    /// <summary>Ends the connection, soon. From any thread.</summary>
    public void Dispose() => _loop.Post(() => End(null));

    /// <summary>Ends the connection at once, on the loop's thread.</summary>
    public void End(Exception? cause)
    {
        lock (_sendLock)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            while (_queue.TryDequeue(out Outgoing? outgoing))
            {
                outgoing.Release();
            }
        }

        _watch?.Dispose();
        _socket.Dispose();
        _reader.Dispose();
        _onClosed(cause);
    }

    private bool Enqueue(Outgoing outgoing)
    {
        _queued += outgoing.Left;
        _queue.Enqueue(outgoing);
        if (_queued > _maxQueued)
        {
            _loop.Post(() => End(new IOException($"the peer does not read: {_queued} bytes wait, at most {_maxQueued} may")));
        }
        else if (_queue.Count == 1)
        {
            _loop.Post(() => Watch(EpollEvents.EPOLLIN | EpollEvents.EPOLLOUT));
        }

        return true;
    }

    private void Watch(EpollEvents events)
    {
        if (!_closed)
        {
            _watch?.Change(events);
        }
    }

    private void OnReady(EpollEvents events)
    {
        try
        {
            if ((events & EpollEvents.EPOLLOUT) != 0)
            {
                Flush();
            }

            if ((events & ~EpollEvents.EPOLLOUT) != 0)
            {
                ReadAll();
            }
        }
        catch (Exception e) when (e is SyscallException or FormatException)
        {
            End(e);
        }
    }

    private void Flush()
    {
        lock (_sendLock)
        {
            while (_queue.TryPeek(out Outgoing? next))
            {
                long before = next.Left;
                bool done = next.TrySend(_socket);
                _queued -= before - next.Left;
                if (!done)
                {
                    return;
                }

                _queue.Dequeue().Release();
            }

            Watch(EpollEvents.EPOLLIN);
        }
    }

    private void ReadAll()
    {
        List<OwnedFd> descriptors = [];
        for (int i = 0; i < MaxReadsInARow && !_closed; i++)
        {
            descriptors.Clear();
            int count = UnixMessages.Receive(_socket, _reader.Free(), descriptors, out bool truncated);
            _reader.Advance(Math.Max(count, 0), descriptors);
            if (count <= 0 || truncated)
            {
                if (count != UnixMessages.WouldBlock)
                {
                    End(truncated ? new FormatException($"more than {UnixMessages.MaxDescriptors} descriptors in one message") : null);
                }

                return;
            }

            while (!_closed && _reader.TryTake(out ReadOnlySpan<byte> json, out IReadOnlyList<OwnedFd> owned))
            {
                _onFrame(json, owned);
            }
        }
    }

    /// <summary>A frame on its way, with its descriptors kept open.</summary>
    private sealed class Outgoing
    {
        private readonly byte[] _frame;
        private readonly SafeHandle[] _descriptors;
        private int _sent;

        internal Outgoing(byte[] frame, ReadOnlySpan<SafeHandle> descriptors)
        {
            _frame = frame;
            _descriptors = descriptors.ToArray();
            foreach (SafeHandle descriptor in _descriptors)
            {
                bool added = false;
                descriptor.DangerousAddRef(ref added);
            }
        }

        internal int Left => _frame.Length - _sent;

        /// <returns><see langword="true"/>: all of it is sent.</returns>
        internal bool TrySend(OwnedFd socket)
        {
            while (Left > 0)
            {
                int count = UnixMessages.Send(socket, _frame.AsSpan(_sent), _sent == 0 ? _descriptors : []);
                if (count == UnixMessages.WouldBlock)
                {
                    return false;
                }

                _sent += count;
            }

            return true;
        }

        internal void Release() => Array.ForEach(_descriptors, static d => d.DangerousRelease());
    }
}
