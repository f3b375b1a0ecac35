// SPDX-License-Identifier: Apache-2.0
using Gantry.Cgroups;
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Processes;
using Gantry.Interop.Spawn;

namespace Gantry.Monitor.Pods;

/// <summary>The init of a PID namespace that all containers of a pod share.</summary>
internal sealed class PodInitProcess
{
    private const int AT_EMPTY_PATH = 0x1000;
    private const int SIG_SETMASK = 2;
    private const int SigsetSize = 8;
    private const uint CLOSE_RANGE_CLOEXEC = 4;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly PodSupervisor _pod;
    private readonly SpawnedChild _child;
    private readonly string _cgroupPath;
    private readonly CgroupHierarchies _hierarchies;
    private readonly TaskCompletionSource _ended;

    private PodInitProcess(PodSupervisor pod, SpawnedChild child, string cgroupPath, CgroupHierarchies hierarchies, TaskCompletionSource ended)
    {
        _pod = pod;
        _child = child;
        _cgroupPath = cgroupPath;
        _hierarchies = hierarchies;
        _ended = ended;
    }

    internal int Pid => _child.Pid;

    /// <summary>Starts it, and gives its PID namespace to the pod.</summary>
    internal static async Task<PodInitProcess> StartAsync(PodSupervisor pod, PodResources resources, string cgroupPath)
    {
        TaskCompletionSource ended = new();
        SpawnedChild child = await pod.Children.Start(
            () => pod.Workers.Run(() => Spawn(resources.Hierarchies, cgroupPath)), static child => (child.Pid, child.Pidfd),
            exit =>
            {
                MonitorLog.Warn($"the pod's init ended with {exit.ExitCode}");
                ended.TrySetResult();
            });
        resources.Namespaces.Pid = ThreadNamespaces.OpenOf(child.Pid, "pid");
        return new PodInitProcess(pod, child, cgroupPath, resources.Hierarchies, ended);
    }

    /// <summary>Ends it, and with it whatever is left in its namespace.</summary>
    internal async Task StopAsync()
    {
        Pidfd.SendSignal(_child.Pidfd, Signal.SIGKILL);
        await _pod.Workers.Within(_ended.Task, s_patience);
        await _pod.Workers.Run(() => Cgroup.Delete(_hierarchies, _cgroupPath, s_patience));
        _child.Pidfd.Dispose();
    }

    private static SpawnedChild Spawn(CgroupHierarchies hierarchies, string cgroupPath)
    {
        using OwnedFd program = SealedProgram.CopySelf();
        using Cgroup cgroup = Cgroup.Create(hierarchies, cgroupPath);
        using CgroupJoin join = cgroup.OpenJoin();
        using SyscallList list = new();
        foreach (OwnedFd tasks in join.TaskFiles)
        {
            list.Add(SyscallNumber.SYS_write, "write", $"tasks of {cgroupPath}", [list.Fd(tasks), list.Bytes("0"u8), 1]);
        }

        list.Add(SyscallNumber.SYS_close_range, "close_range", "from 3", [3, uint.MaxValue, CLOSE_RANGE_CLOEXEC]);
        list.Add(SyscallNumber.SYS_setsid, "setsid", "", []);
        // Every thread of the new program is born with all signals blocked, so that its signalfd loses none.
        list.Add(SyscallNumber.SYS_rt_sigprocmask, "rt_sigprocmask", "all blocked", [SIG_SETMASK, list.Value(ulong.MaxValue), 0, SigsetSize]);
        list.Add(
            SyscallNumber.SYS_execveat, "execveat", "init",
            [list.Fd(program), list.Text(""), list.TextArray(["gantry-init", PodInit.Verb]), list.TextArray([]), AT_EMPTY_PATH]);
        return ChildStub.Spawn(list, CloneFlags.CLONE_NEWPID | CloneFlags.CLONE_NEWNS, join.Unified);
    }
}
