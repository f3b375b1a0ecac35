// SPDX-License-Identifier: Apache-2.0
using Gantry.Cgroups;
using Gantry.Interop;
using Gantry.Interop.Events;

namespace Gantry.Monitor.Containers;

/// <summary>Whether the kernel killed for memory in one run of a container: the counter now against the counter at its start.</summary>
internal sealed class OomWatch : IDisposable
{
    // cgroup v1 signals before it kills.
    private static readonly TimeSpan s_settle = TimeSpan.FromMilliseconds(50);
    private readonly EventLoop _loop;
    private readonly Cgroup _cgroup;
    private readonly Action _onKill;
    private readonly OomEvents? _events;
    private readonly EventLoop.Watch? _watch;
    private readonly ulong _baseline;
    private ulong _reported;
    private EventLoop.Deadline? _later;
    private bool _disposed;

    /// <param name="onKill">Called for each growth of the counter that was seen.</param>
    internal OomWatch(EventLoop loop, Cgroup cgroup, ulong baseline, Action onKill)
    {
        _loop = loop;
        _cgroup = cgroup;
        _onKill = onKill;
        _baseline = _reported = baseline;
        try
        {
            _events = cgroup.OpenOomEvents();
            _watch = loop.Add(_events.Descriptor, EpollEvents.EPOLLIN, _ => OnSignal());
        }
        catch (Exception e) when (e is CgroupException or SyscallException)
        {
            MonitorLog.Warn($"cgroup {cgroup.Path}: no memory events: {e.Message}");
        }
    }

    /// <summary>Looks at the counter. Call it before the cgroup is removed.</summary>
    internal bool Killed()
    {
        ulong now = _reported;
        try
        {
            now = _cgroup.ReadOomKills();
        }
        catch (SyscallException e)
        {
            MonitorLog.Warn($"cgroup {_cgroup.Path}: {e.Message}");
        }

        if (now > _reported)
        {
            _reported = now;
            _onKill();
        }

        return now > _baseline;
    }

    public void Dispose()
    {
        _disposed = true;
        _later?.Dispose();
        _watch?.Dispose();
        _events?.Dispose();
    }

    private void OnSignal()
    {
        _events!.Drain();
        Killed();
        _later?.Dispose();
        _later = _disposed ? null : _loop.After(s_settle, () => Killed());
    }
}
