// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Events;
using Gantry.Interop.Files;
using Gantry.Interop.Mounts;
using Gantry.Interop.Processes;

namespace Gantry.Monitor.Pods;

/// <summary>What the init of a shared PID namespace does: collect orphans, forward nothing, end on SIGTERM.</summary>
/// <remarks>
/// It runs from a sealed copy of this program (CVE-2019-5736). Containers of the pod see it in their /proc, so it leaves the
/// host's files before anything else: its root is an empty, read-only tmpfs, and it is not dumpable.
/// </remarks>
internal static class PodInit
{
    /// <summary>First argument of the program.</summary>
    internal const string Verb = "init";

    /// <returns>Exit code.</returns>
    internal static int Run()
    {
        if (Environment.ProcessId != 1)
        {
            MonitorLog.Error("init: only as the first process of a PID namespace");
            return 1;
        }

        ProcessControl.SetDumpable(false);
        ProcessControl.SetName("gantry-init");
        using EventLoop loop = new();
        using SignalFd signals = new(Signal.SIGCHLD, Signal.SIGTERM);
        LeaveHostFiles();
        using EventLoop.Watch watch = loop.Add(signals.Handle, EpollEvents.EPOLLIN, _ =>
        {
            Signal signal;
            while ((signal = signals.Take()) != Signal.None)
            {
                if (signal == Signal.SIGTERM)
                {
                    loop.Stop();
                }
            }

            CollectAll();
        });
        CollectAll();
        loop.Run();
        return 0;
    }

    private static void CollectAll()
    {
        while (ChildProcesses.PeekAny() is ChildExit ended && ChildProcesses.TryReap(ended.Pid) is not null)
        {
        }
    }

    private static void LeaveHostFiles()
    {
        using (OwnedFd host = Openat2.Open(null, "/", OpenFlags.O_PATH | OpenFlags.O_DIRECTORY, ResolveFlags.None))
        {
            MountApi.SetAttributes(host, new MountAttr { Propagation = (ulong)MountPropagation.Private }, recursive: true, "/");
        }

        using FileSystemContext tmpfs = new("tmpfs");
        tmpfs.Set("size", "4k");
        using OwnedFd root = tmpfs.Mount(
            MountAttributes.MOUNT_ATTR_RDONLY | MountAttributes.MOUNT_ATTR_NOSUID | MountAttributes.MOUNT_ATTR_NODEV | MountAttributes.MOUNT_ATTR_NOEXEC);
        using OwnedFd anywhere = Openat2.Open(null, "/proc", OpenFlags.O_PATH | OpenFlags.O_DIRECTORY, ResolveFlags.None);
        MountApi.Attach(root, anywhere, "init root");
        MountApi.PivotInto(root);
    }
}
