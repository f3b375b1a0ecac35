// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Cgroups;
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Mounts;
using Gantry.Interop.Processes;
using Gantry.Interop.Spawn;
using Gantry.Interop.Terminals;
using Gantry.Oci.Runtime;
using Gantry.Runtime.Capabilities;
using Gantry.Runtime.Launch;
using Gantry.Runtime.Rootfs;
using Gantry.Runtime.Seccomp;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Runtime.Exec;

/// <summary>Starts further processes in running containers.</summary>
public static class ContainerExec
{
    private const int DevptsMagic = 0x1cd1;

    /// <summary>Joins the container's namespaces and executes a program there.</summary>
    /// <exception cref="LaunchException">Nothing was started.</exception>
    public static LaunchedProcess Start(ExecRequest request)
    {
        try
        {
            return StartCore(request);
        }
        catch (SpawnException e)
        {
            throw LaunchException.From(e, ContainerLauncher.Program(request.Process));
        }
        catch (Exception e) when (e is SyscallException or CapabilityException or SeccompException)
        {
            throw new LaunchException(e.Message, 128, e);
        }
    }

    private static LaunchedProcess StartCore(ExecRequest request)
    {
        using SyscallList list = new();
        SafeFileHandle? master = request.Process.Terminal ? OpenTerminal(request) : null;
        using SafeFileHandle? peer = master is null ? null : Terminal.OpenPeer(master);
        try
        {
            ProcessStdio stdio = peer is null
                ? request.Stdio ?? throw new ArgumentException("stdio: needed without a terminal", nameof(request))
                : new ProcessStdio { Input = peer, Output = peer, Error = peer, Terminal = true };
            return Spawn(list, request, stdio, master);
        }
        catch
        {
            master?.Dispose();
            throw;
        }
    }

    private static LaunchedProcess Spawn(SyscallList list, ExecRequest request, ProcessStdio stdio, SafeFileHandle? master)
    {
        List<string> warnings = [];
        CgroupJoin? join = null;
        try
        {
            SeccompFilter? filter = request.Seccomp is LinuxSeccomp profile ? SeccompCompiler.Compile(profile) : null;
            stdio.GiveTo(request.Process.User.Uid, request.Process.User.Gid);
            list.CloseOnExec();
            SafeHandle? shared = CgroupOperations.Append(list, request.Cgroup, opened => join = opened);
            SafeHandle? into = request.Group?.Directory ?? shared;
            CloneFlags types = NamespacePlan.JoinFlags(request.Namespaces);
            list.SetNamespace(request.Container, types);
            ProcessOperations.NewSession(list);
            ProcessOperations.Append(list, request.Process, filter, stdio, warnings);
            bool ownPid = request.Namespaces.Any(static entry => entry.Type == "pid");
            SpawnedChild child = request.From.Spawn(list, CloneFlags.None, into, ownPid ? request.Container : null, null);
            return ContainerLauncher.Finish(child, master, warnings);
        }
        finally
        {
            join?.Dispose();
        }
    }

    /// <summary>A new terminal of the container's own devpts, which is checked to be one: its /dev is the container's to change.</summary>
    private static SafeFileHandle OpenTerminal(ExecRequest request)
    {
        using OwnedFd devpts = ThrowawayThread.Run(() =>
        {
            ThreadNamespaces.Unshare(CloneFlags.CLONE_FS);
            ThreadNamespaces.Join(request.Container, CloneFlags.CLONE_NEWNS);
            return Openat2.Open(
                null, "/dev/pts", OpenFlags.O_PATH | OpenFlags.O_DIRECTORY, ResolveFlags.RESOLVE_NO_SYMLINKS);
        });
        return OpenFile.FileSystem(devpts).Type == DevptsMagic
            ? Terminal.OpenMaster(devpts)
            : throw LaunchException.Field("process.terminal", "true", "a container whose /dev/pts is a devpts mount");
    }
}
