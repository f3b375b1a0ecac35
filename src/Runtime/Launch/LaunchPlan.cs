// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Gantry.Cgroups;
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Mounts;
using Gantry.Interop.Spawn;
using Gantry.Interop.Terminals;
using Gantry.Oci.Runtime;
using Gantry.Runtime.Rootfs;
using Gantry.Runtime.Seccomp;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Runtime.Launch;

/// <summary>A container's start, planned: the list and everything that its operations refer to.</summary>
internal sealed class LaunchPlan : IDisposable
{
    private readonly LaunchRequest _request;
    private readonly List<string> _warnings = [];
    private readonly List<IDisposable> _owned = [];
    private SafeFileHandle? _master;

    private LaunchPlan(LaunchRequest request) => _request = request;

    public SyscallList List { get; } = new();

    public NamespacePlan Namespaces { get; private set; } = null!;

    /// <summary>v2 directory for CLONE_INTO_CGROUP.</summary>
    public SafeHandle? IntoCgroup { get; private set; }

    /// <summary>Writes the maps of a new user namespace while the child waits.</summary>
    public IdentityMapper? Identities { get; private set; }

    public IReadOnlyList<string> Warnings => _warnings;

    /// <exception cref="LaunchException">The specification cannot be honoured.</exception>
    internal static LaunchPlan Prepare(LaunchRequest request)
    {
        LaunchPlan plan = new(request);
        try
        {
            plan.Write(request.Spec, request.Spec.Process ?? throw LaunchException.Field("process", "missing", "the process to start"));
            return plan;
        }
        catch
        {
            plan.Dispose();
            throw;
        }
    }

    /// <summary>The terminal's master; the caller owns it from now on.</summary>
    public SafeFileHandle? TakeMaster()
    {
        SafeFileHandle? master = _master;
        _master = null;
        return master;
    }

    public void Dispose()
    {
        List.Dispose();
        _owned.ForEach(static item => item.Dispose());
        _master?.Dispose();
        Identities?.Dispose();
    }

    private void Write(Spec spec, Process process)
    {
        Namespaces = Own(NamespacePlan.Of(_request));
        MountPlan mounts = Own(MountPlan.Prepare(spec, _request.Rootfs, _request.Pod, _request.Cgroup));
        (ProcessStdio stdio, (SafeHandle, MountTarget)? console) = OpenStdio(process, mounts);
        SeccompFilter? filter = spec.Linux?.Seccomp is LinuxSeccomp profile ? SeccompCompiler.Compile(profile) : null;
        if (spec.Root?.Readonly == true)
        {
            MountApi.SetAttributes(_request.Rootfs.Handle, new MountAttr { Set = (ulong)MountAttributes.MOUNT_ATTR_RDONLY }, false, "root.readonly");
        }

        List.CloseOnExec();
        IntoCgroup = CgroupOperations.Append(List, _request.Cgroup, Own);
        foreach ((SafeHandle target, CloneFlags type) in Namespaces.Joined)
        {
            List.SetNamespace(target, type);
        }

        if (Namespaces.NewCgroup)
        {
            List.Unshare(CloneFlags.CLONE_NEWCGROUP);
        }

        WriteIdentity(spec, process);
        ProcessOperations.NewSession(List);
        WriteSettings(spec, process);
        MountOperations.Append(List, _request.Rootfs.Handle, mounts, console);
        ProcessOperations.Append(List, process, filter, stdio, _warnings);
    }

    private void WriteIdentity(Spec spec, Process process)
    {
        if (Namespaces.NewUser)
        {
            Identities = IdentityMapper.Create(spec.Linux?.UidMappings, spec.Linux?.GidMappings);
            Identities.Append(List);
        }
    }

    /// <summary>What is written to the launch namespace's /proc, before the container's own root hides it.</summary>
    private void WriteSettings(Spec spec, Process process)
    {
        if (ResourceLimits.ResolveScore(process.OomScoreAdj, _warnings) is int score)
        {
            Slot file = List.OpenTrusted("/proc/self/oom_score_adj", OpenFlags.O_WRONLY);
            List.Write(file, Encoding.ASCII.GetBytes(score.ToString(CultureInfo.InvariantCulture)), "process.oomScoreAdj");
        }

        if (Namespaces.NewUts && !string.IsNullOrEmpty(spec.Hostname))
        {
            byte[] name = Encoding.UTF8.GetBytes(spec.Hostname);
            List.Add(SyscallNumber.SYS_sethostname, "sethostname", spec.Hostname, [List.Bytes(name), name.Length]);
        }

        SysctlWriter.Append(List, spec.Linux?.Sysctl, Namespaces, _request.Pod);
    }

    private (ProcessStdio Stdio, (SafeHandle, MountTarget)? Console) OpenStdio(Process process, MountPlan mounts)
    {
        if (!process.Terminal)
        {
            ProcessStdio given = _request.Stdio ?? throw new ArgumentException("stdio: needed without a terminal", nameof(process));
            given.GiveTo(process.User.Uid, process.User.Gid);
            return (given, null);
        }

        RootDirectory devpts = mounts.DevPts ?? throw LaunchException.Field("process.terminal", "true", "a mount of type devpts at /dev/pts");
        _master = Terminal.OpenMaster(devpts.Handle);
        SafeFileHandle peer = Own(Terminal.OpenPeer(_master));
        if (process.ConsoleSize is ConsoleSize size)
        {
            Terminal.SetSize(_master, (ushort)size.Width, (ushort)size.Height);
        }

        (MountTarget place, _) = mounts.Locate("/dev/console", directory: false);
        Own(place.Place!);
        ProcessStdio stdio = new() { Input = peer, Output = peer, Error = peer, Terminal = true };
        stdio.GiveTo(process.User.Uid, process.User.Gid);
        return (stdio, (peer, place));
    }

    private T Own<T>(T item)
        where T : IDisposable
    {
        _owned.Add(item);
        return item;
    }
}
