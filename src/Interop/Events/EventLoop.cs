// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Interop.Events;

/// <summary>
/// One thread that waits for descriptors, posted actions and deadlines, and runs their callbacks one after the other.
/// </summary>
/// <remarks>All members but <see cref="Post"/> and <see cref="Stop"/> belong to the thread that runs the loop.</remarks>
public sealed class EventLoop : IDisposable
{
    private readonly Epoll _epoll = new();
    private readonly EventFd _wake = new();
    private readonly Dictionary<ulong, Watch> _watches = [];
    private readonly List<Deadline> _deadlines = [];
    private readonly Queue<Action> _posted = new();
    private readonly Lock _postedLock = new();
    private readonly Action<Exception>? _onError;
    private ulong _nextToken = 1;
    private volatile bool _stopping;

    /// <param name="onError">Hears of a callback that threw, and the loop goes on; <see langword="null"/>: the exception ends <see cref="Run"/>.</param>
    public EventLoop(Action<Exception>? onError = null)
    {
        _onError = onError;
        _epoll.Add(_wake.Handle, EpollEvents.EPOLLIN, 0);
    }

    /// <summary>Runs a callback whenever a descriptor is ready (level-triggered), until the watch is disposed.</summary>
    /// <param name="handle">Stays the caller's; dispose the watch first.</param>
    public Watch Add(SafeHandle handle, EpollEvents events, Action<EpollEvents> onReady)
    {
        Watch watch = new(this, _nextToken++, handle, onReady);
        _epoll.Add(handle, events, watch.Token);
        _watches.Add(watch.Token, watch);
        return watch;
    }

    /// <summary>Runs a callback once, after a time, unless the result is disposed before.</summary>
    public Deadline After(TimeSpan time, Action onElapsed)
    {
        Deadline deadline = new(this, Environment.TickCount64 + (long)Math.Ceiling(time.TotalMilliseconds), onElapsed);
        _deadlines.Add(deadline);
        return deadline;
    }

    /// <summary>Runs an action on the loop's thread, soon. From any thread.</summary>
    public void Post(Action action)
    {
        lock (_postedLock)
        {
            _posted.Enqueue(action);
        }

        _wake.Signal();
    }

    /// <summary>Ends <see cref="Run"/> after the callback that is under way. From any thread.</summary>
    public void Stop()
    {
        _stopping = true;
        _wake.Signal();
    }

    /// <summary>Serves until <see cref="Stop"/>.</summary>
    public void Run()
    {
        while (!_stopping)
        {
            RunOnce(NextTimeout());
        }
    }

    public void Dispose()
    {
        _epoll.Dispose();
        _wake.Dispose();
    }

    private void RunOnce(int timeoutMilliseconds)
    {
        Span<EpollReady> ready = stackalloc EpollReady[32];
        int count = _epoll.Wait(ready, timeoutMilliseconds);
        for (int i = 0; i < count && !_stopping; i++)
        {
            if (ready[i].Token == 0)
            {
                RunPosted();
            }
            else if (_watches.TryGetValue(ready[i].Token, out Watch? watch))
            {
                Guard(watch.Callback, ready[i].Events);
            }
        }

        RunElapsed();
    }

    private void RunPosted()
    {
        _wake.Take();
        while (!_stopping)
        {
            Action? action;
            lock (_postedLock)
            {
                if (!_posted.TryDequeue(out action))
                {
                    return;
                }
            }

            Guard(static run => run(), action);
        }
    }

    private void Guard<T>(Action<T> callback, T argument)
    {
        try
        {
            callback(argument);
        }
        catch (Exception e) when (_onError is not null)
        {
            _onError(e);
        }
    }

    private int NextTimeout()
    {
        long next = long.MaxValue;
        foreach (Deadline deadline in _deadlines)
        {
            next = Math.Min(next, deadline.At);
        }

        return next == long.MaxValue ? -1 : (int)Math.Clamp(next - Environment.TickCount64, 0, int.MaxValue);
    }

    private void RunElapsed()
    {
        long now = _deadlines.Count == 0 ? 0 : Environment.TickCount64;
        for (int i = _deadlines.Count - 1; i >= 0 && !_stopping; i = Math.Min(i, _deadlines.Count) - 1)
        {
            Deadline deadline = _deadlines[i];
            if (deadline.At <= now)
            {
                _deadlines.RemoveAt(i);
                Guard(static run => run(), deadline.OnElapsed);
            }
        }
    }

    /// <summary>A watched descriptor.</summary>
    public sealed class Watch : IDisposable
    {
        private readonly EventLoop _loop;
        private readonly SafeHandle _handle;
        private bool _disposed;

        internal Watch(EventLoop loop, ulong token, SafeHandle handle, Action<EpollEvents> callback)
        {
            _loop = loop;
            _handle = handle;
            Token = token;
            Callback = callback;
        }

        internal ulong Token { get; }

        internal Action<EpollEvents> Callback { get; }

        /// <summary>Changes what the descriptor is watched for.</summary>
        public void Change(EpollEvents events) => _loop._epoll.Modify(_handle, events, Token);

        public void Dispose()
        {
            if (!_disposed)
            {
                _disposed = true;
                _loop._watches.Remove(Token);
                _loop._epoll.Remove(_handle);
            }
        }
    }

    /// <summary>A callback that waits for its time.</summary>
    public sealed class Deadline : IDisposable
    {
        private readonly EventLoop _loop;

        internal Deadline(EventLoop loop, long at, Action onElapsed)
        {
            _loop = loop;
            At = at;
            OnElapsed = onElapsed;
        }

        internal long At { get; }

        internal Action OnElapsed { get; }

        public void Dispose() => _loop._deadlines.Remove(this);
    }
}
