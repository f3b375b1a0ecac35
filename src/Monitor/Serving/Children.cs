// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop.Events;
using Gantry.Interop.Processes;

namespace Gantry.Monitor.Serving;

/// <summary>Collects the exit status of each child exactly once, and that of orphans which the kernel gave to us.</summary>
/// <remarks>
/// A known child is collected by its pidfd. An unknown one is an orphan, unless a start is under way: then it may be a child
/// that did not get as far as its program, and whoever starts it collects it.
/// </remarks>
internal sealed class Children : IDisposable
{
    private readonly EventLoop _loop;
    private readonly SignalFd _signals = new(Signal.SIGCHLD);
    private readonly EventLoop.Watch _watch;
    private readonly Dictionary<int, Child> _known = [];
    private int _starting;

    internal Children(EventLoop loop)
    {
        _loop = loop;
        _watch = loop.Add(_signals.Handle, EpollEvents.EPOLLIN, _ => OnSignal());
    }

    /// <summary>Runs something that starts a child, and tells what to do at its end.</summary>
    /// <param name="identify">Pid and pidfd (not owned) of the child.</param>
    /// <param name="onExit">Called once, on the loop's thread, after this task has completed.</param>
    internal async Task<T> Start<T>(Func<Task<T>> start, Func<T, (int Pid, SafeHandle Pidfd)> identify, Action<ChildExit> onExit)
    {
        _starting++;
        try
        {
            T result = await start();
            (int pid, SafeHandle pidfd) = identify(result);
            _known.Add(pid, new Child(this, pid, pidfd, onExit));
            return result;
        }
        finally
        {
            _starting--;
            _loop.Post(CollectOrphans);
        }
    }

    public void Dispose()
    {
        _watch.Dispose();
        _signals.Dispose();
    }

    private void OnSignal()
    {
        while (_signals.Take() != Signal.None)
        {
        }

        CollectOrphans();
    }

    private void CollectOrphans()
    {
        while (ChildProcesses.PeekAny() is ChildExit ended)
        {
            if (_known.TryGetValue(ended.Pid, out Child? child))
            {
                child.Collect();
            }
            else if (_starting > 0 || ChildProcesses.TryReap(ended.Pid) is null)
            {
                return;
            }
        }
    }

    private sealed class Child
    {
        private readonly Children _owner;
        private readonly int _pid;
        private readonly SafeHandle _pidfd;
        private readonly Action<ChildExit> _onExit;
        private readonly EventLoop.Watch _watch;

        internal Child(Children owner, int pid, SafeHandle pidfd, Action<ChildExit> onExit)
        {
            _owner = owner;
            _pid = pid;
            _pidfd = pidfd;
            _onExit = onExit;
            _watch = owner._loop.Add(pidfd, EpollEvents.EPOLLIN, _ => Collect());
        }

        internal void Collect()
        {
            if (Pidfd.TryReap(_pidfd) is ChildExit exit)
            {
                _watch.Dispose();
                _owner._known.Remove(_pid);
                _onExit(exit);
            }
        }
    }
}
