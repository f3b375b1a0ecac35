// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Cgroups;
using Gantry.Interop;
using Gantry.Interop.Processes;
using Gantry.Monitor.Containers;
using Gantry.Monitor.Pods;
using Gantry.Monitor.Serving;
using Gantry.MonitorApi;
using Gantry.MonitorApi.Framing;
using Gantry.Oci.Runtime;
using Gantry.Runtime.Exec;
using Gantry.Runtime.Launch;

namespace Gantry.Monitor.Execs;

/// <summary>Further processes in the pod's containers.</summary>
internal sealed class ExecSupervisor(PodSupervisor pod)
{
    private const int MaxExecs = 4096;
    private readonly Dictionary<string, Exec> _execs = new(StringComparer.Ordinal);
    private readonly List<ExecGroup> _abandoned = [];

    /// <param name="fds">stdin, stdout, stderr.</param>
    internal async Task<StartedExec> StartAsync(ContainerSupervisor container, ExecProcess request, ReceivedFds fds)
    {
        if (request.Terminal)
        {
            throw new MonitorException(MonitorErrorKind.InvalidArgument, "terminal: true: an exec with a terminal is not served yet");
        }

        LaunchedProcess init = container.Init;
        Exec exec = Register(container, request);
        try
        {
            exec.Process = await pod.Children.Start(
                () => pod.Workers.Run(() => Launch(exec, init.Pidfd, request, fds)), static process => (process.Pid, process.Pidfd),
                exit => OnExit(exec, exit));
        }
        catch (Exception e)
        {
            Forget(exec);
            if (e is ObjectDisposedException)
            {
                throw new MonitorException(MonitorErrorKind.FailedPrecondition, $"container {request.ContainerId} ended meanwhile");
            }

            throw;
        }

        if (exec.KillRequested)
        {
            Kill(exec);
        }

        return new StartedExec(exec.Process.Pid);
    }

    /// <summary>Kills all that an exec started. One that is unknown has ended.</summary>
    internal void Kill(string execId)
    {
        if (_execs.TryGetValue(execId, out Exec? exec))
        {
            exec.KillRequested = true;
            if (exec.Process is not null)
            {
                Kill(exec);
            }
        }
    }

    private static void Kill(Exec exec)
    {
        if (exec.Group is ExecGroup group)
        {
            group.Kill();
        }
        else
        {
            ExecSession.Kill(exec.Container.Cgroup, exec.Process!.Pid);
        }

        Pidfd.SendSignal(exec.Process!.Pidfd, Signal.SIGKILL);
    }

    private Exec Register(ContainerSupervisor container, ExecProcess request)
    {
        if (!Names.IsValid(request.ExecId))
        {
            throw new MonitorException(MonitorErrorKind.InvalidArgument, $"execId: {Names.Accepted}");
        }

        if (request.Args.Count == 0)
        {
            throw new MonitorException(MonitorErrorKind.InvalidArgument, "args: at least one is needed");
        }

        if (_execs.Count >= MaxExecs)
        {
            throw new MonitorException(MonitorErrorKind.FailedPrecondition, $"{MaxExecs} execs run in this pod already");
        }

        Exec exec = new(request.ExecId, container);
        return _execs.TryAdd(exec.Id, exec)
            ? exec
            : throw new MonitorException(MonitorErrorKind.AlreadyExists, $"exec id \"{exec.Id}\" is in use");
    }

    private LaunchedProcess Launch(Exec exec, SafeHandle init, ExecProcess request, ReceivedFds fds)
    {
        Spec spec = exec.Container.Spec;
        exec.Group = ExecGroup.TryCreate(exec.Container.Cgroup, $"exec-{exec.Id}");
        return ContainerExec.Start(new ExecRequest
        {
            Container = init,
            Namespaces = spec.Linux?.Namespaces ?? [],
            Process = spec.Process! with { Args = request.Args, Terminal = false },
            Seccomp = spec.Linux?.Seccomp,
            Cgroup = exec.Container.Cgroup,
            Group = exec.Group,
            From = pod.LaunchFrom,
            Stdio = new ProcessStdio { Input = fds[0], Output = fds[1], Error = fds[2] },
        });
    }

    private void OnExit(Exec exec, ChildExit exit)
    {
        exec.Process!.Dispose();
        Forget(exec);
        pod.Connections.Broadcast(FrameWriter.Event(
            MonitorCalls.ExecExited, new ExecExit(exec.Id, exec.Container.Id, exit.ExitCode), MonitorJson.Default.ExecExit));
    }

    // What an exec left running keeps its group; it is tried again at the end of later ones, and goes with the container at last.
    private void Forget(Exec exec)
    {
        _execs.Remove(exec.Id);
        if (exec.Group is ExecGroup own)
        {
            _abandoned.Add(own);
        }

        _abandoned.RemoveAll(static group =>
        {
            bool gone = group.TryRemove();
            if (gone)
            {
                group.Dispose();
            }

            return gone;
        });
    }

    private sealed class Exec(string id, ContainerSupervisor container)
    {
        internal string Id { get; } = id;

        internal ContainerSupervisor Container { get; } = container;

        internal ExecGroup? Group { get; set; }

        internal LaunchedProcess? Process { get; set; }

        internal bool KillRequested { get; set; }
    }
}
