// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;
using Gantry.Cgroups;
using Gantry.Interop;
using Gantry.Interop.Processes;
using Gantry.Monitor.Logs;
using Gantry.Monitor.Pods;
using Gantry.Monitor.Serving;
using Gantry.MonitorApi;
using Gantry.Oci.Runtime;
using Gantry.Runtime.Launch;
using Gantry.Runtime.Rootfs;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Monitor.Containers;

/// <summary>One container from creation to deletion. Everything runs on the loop's thread; what waits runs on workers.</summary>
internal sealed class ContainerSupervisor : IDisposable
{
    private static readonly TimeSpan s_killPatience = TimeSpan.FromSeconds(10);

    // What the container wrote is in its pipes when it has ended. This is for others outside that hold them open.
    private static readonly TimeSpan s_drain = TimeSpan.FromSeconds(1);

    private readonly PodSupervisor _pod;
    private readonly CreateContainer _request;
    private readonly ContainerParts _parts;
    private readonly ContainerLogs _logs;
    private readonly Gate _gate = new();
    private readonly TaskCompletionSource _exited = new();
    private OverlayRootfs? _rootfs;
    private LaunchedProcess? _process;
    private SafeFileHandle? _stdin;
    private OomWatch? _oom;
    private DateTimeOffset? _startedAt;
    private bool _removed;

    internal ContainerSupervisor(PodSupervisor pod, CreateContainer request, ContainerParts parts, LogFile? log)
    {
        _pod = pod;
        _request = request;
        _parts = parts;
        _rootfs = parts.Rootfs;
        _logs = new ContainerLogs(pod.Loop, pod.LogBuffers, log);
    }

    internal string Id => _request.ContainerId;

    internal Spec Spec => _parts.Spec;

    internal Cgroup Cgroup => _parts.Cgroup;

    /// <summary>Its first process, while it runs.</summary>
    /// <exception cref="MonitorException">It does not run.</exception>
    internal LaunchedProcess Init =>
        State == MonitoredState.Running ? _process! : throw Refuse("is not running");

    internal ContainerExit? Exit { get; private set; }

    private MonitoredState State =>
        Exit is not null ? MonitoredState.Exited : _process is not null ? MonitoredState.Running : MonitoredState.Created;

    internal MonitoredContainer Describe() => new()
    {
        ContainerId = Id,
        State = State,
        Pid = State == MonitoredState.Running ? _process!.Pid : null,
        StartedAt = _startedAt,
        Exit = Exit,
    };

    internal Task<StartedContainer> StartAsync() => _gate.Enter(async () =>
    {
        if (_removed || State != MonitoredState.Created)
        {
            throw Refuse($"cannot start: it is {(_removed ? "removed" : State)}");
        }

        bool terminal = Spec.Process!.Terminal;
        using ContainerStdio? stdio = terminal ? null : new ContainerStdio(_request.Stdin);
        ulong oomKills = Cgroup.ReadOomKills();
        _process = await _pod.Children.Start(
            () => _pod.Workers.Run(() => Launch(stdio)), static process => (process.Pid, process.Pidfd), OnExit);
        _startedAt = DateTimeOffset.UtcNow;
        foreach (string warning in _process.Warnings)
        {
            MonitorLog.Warn($"container {Id}: {warning}");
        }

        Follow(stdio);
        _oom = new OomWatch(_pod.Loop, Cgroup, oomKills, () => _pod.ReportOom(Id));
        return new StartedContainer(_process.Pid, _process.StartTime, _startedAt.Value);
    });

    /// <param name="all">Every process of the container instead of its first one.</param>
    internal async Task SignalAsync(int signal, bool all)
    {
        if (signal is < 1 or > (int)Signal.SIGRTMAX)
        {
            throw new MonitorException(MonitorErrorKind.InvalidArgument, $"signal: {signal}: 1 to 64");
        }

        if (State == MonitoredState.Exited)
        {
            return;
        }

        LaunchedProcess init = Init;
        if (!all)
        {
            Pidfd.SendSignal(init.Pidfd, (Signal)signal);
        }
        else if ((Signal)signal == Signal.SIGKILL)
        {
            await KillAllAsync();
        }
        else
        {
            SignalEach((Signal)signal);
        }
    }

    internal void ReopenLog()
    {
        _ = State == MonitoredState.Running ? true : throw Refuse("is not running");
        _logs.Reopen();
    }

    internal Task UpdateAsync(JsonElement resources) => _gate.Enter(async () =>
    {
        LinuxResources limits = resources.Deserialize(RuntimeSpecJson.Default.LinuxResources)
            ?? throw new JsonException("resources: an object is expected");
        await _pod.Workers.Run(() => WithCgroup(cgroup => cgroup.Apply(limits)));
        return true;
    });

    /// <summary>Kills what runs, waits for its end and removes the cgroup.</summary>
    /// <exception cref="MonitorException">A process does not die; the container stays.</exception>
    internal Task RemoveAsync() => _gate.Enter(async () =>
    {
        if (State == MonitoredState.Running)
        {
            await KillAllAsync();
            if (!await _pod.Workers.Within(_exited.Task, s_killPatience))
            {
                throw Refuse($"cannot be removed: a process does not die within {s_killPatience.TotalSeconds} s of SIGKILL");
            }
        }

        string path = Cgroup.Path;
        _removed = true;
        Dispose();
        await _pod.Workers.Run(() => Cgroups.Cgroup.Delete(_pod.Hierarchies, path, s_killPatience));
        return true;
    });

    public void Dispose()
    {
        _oom?.Dispose();
        _logs.Dispose();
        _rootfs?.Dispose();
        _stdin?.Dispose();
        Cgroup.Dispose();
    }

    private LaunchedProcess Launch(ContainerStdio? stdio)
    {
        // The mount moves into the container; a second attempt after a failure needs a new one.
        using OverlayRootfs rootfs = Interlocked.Exchange(ref _rootfs, null) ?? ContainerCreation.Mount(_request.Rootfs);
        return ContainerLauncher.Start(new LaunchRequest
        {
            Spec = Spec,
            Rootfs = rootfs.Root,
            From = _pod.LaunchFrom,
            Pod = _pod.Namespaces,
            Cgroup = Cgroup,
            OwnPidNamespace = _request.OwnPidNamespace,
            PidNamespace = _request.PidTargetContainerId is string target ? _pod.Find(target).Init.Pidfd : null,
            Stdio = stdio?.ForProcess,
        });
    }

    private void Follow(ContainerStdio? stdio)
    {
        if (stdio is null)
        {
            _logs.Follow(_process!.TerminalMaster!, null);
            return;
        }

        (_stdin, SafeFileHandle stdout, SafeFileHandle stderr) = stdio.TakeOurs();
        _logs.Follow(stdout, stderr);
    }

    private void OnExit(ChildExit exit)
    {
        DateTimeOffset finishedAt = DateTimeOffset.UtcNow;
        _ = ReportExitAsync(exit, finishedAt);
    }

    // The order is the promise: logs, then the record on disk, then the event.
    private async Task ReportExitAsync(ChildExit exit, DateTimeOffset finishedAt)
    {
        try
        {
            await EndProcessesAsync();
            if (!await _pod.Workers.Within(_logs.Written, s_drain))
            {
                _logs.Finish();
            }
        }
        catch (Exception e)
        {
            // Whatever went wrong, the exit is told.
            MonitorLog.Error($"container {Id}: {e.Message}");
        }

        Exit = new ContainerExit
        {
            ContainerId = Id,
            ExitCode = exit.ExitCode,
            FinishedAt = finishedAt,
            StartedAt = _startedAt,
            OomKilled = _oom?.Killed() ?? false,
        };
        _oom?.Dispose();
        _stdin?.Dispose();
        _process!.Dispose();
        _pod.ReportExit(Exit);
        _exited.TrySetResult();
    }

    // A container ends with its first process. The kernel sees to that when it is the init of a PID namespace.
    private async Task EndProcessesAsync()
    {
        bool ownPidNamespace = Spec.Linux?.Namespaces?.Any(static entry => entry.Type == "pid" && string.IsNullOrEmpty(entry.Path)) == true
            && _request.PidTargetContainerId is null && (_request.OwnPidNamespace || _pod.Namespaces?.Pid is null);
        if (!ownPidNamespace)
        {
            await KillAllAsync();
        }
    }

    private Task KillAllAsync() => _pod.Workers.Run(() => WithCgroup(static cgroup => cgroup.KillAll(s_killPatience)));

    // A cgroup object is not for two threads at once.
    private void WithCgroup(Action<Cgroup> action)
    {
        using Cgroup? cgroup = Cgroups.Cgroup.TryOpen(_pod.Hierarchies, Cgroup.Path);
        if (cgroup is not null)
        {
            action(cgroup);
        }
    }

    private void SignalEach(Signal signal)
    {
        foreach (int pid in Cgroup.ReadProcesses())
        {
            try
            {
                using OwnedFd process = Pidfd.Open(pid);
                // Between list and handle the number may have passed to a stranger.
                if (Cgroup.ReadProcesses().Contains(pid))
                {
                    Pidfd.SendSignal(process, signal);
                }
            }
            catch (SyscallException e) when (e.Errno is Errno.ESRCH or Errno.EINVAL)
            {
                // ended meanwhile
            }
        }
    }

    private MonitorException Refuse(string why) =>
        new(MonitorErrorKind.FailedPrecondition, $"container {Id} {why}");
}
