// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Gantry.Cgroups;
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Mounts;
using Gantry.Interop.Processes;
using Gantry.Interop.Spawn;
using Gantry.Interop.Terminals;
using Gantry.Oci.Runtime;
using Gantry.Runtime.Capabilities;
using Gantry.Runtime.Rootfs;
using Gantry.Runtime.Seccomp;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Runtime.Launch;

/// <summary>Starts containers: specification → plan → list of system calls → process.</summary>
public static class ContainerLauncher
{
    /// <summary>Starts the container's init. The calling thread waits until it has executed its program.</summary>
    /// <exception cref="LaunchException">Nothing was started; nothing is left.</exception>
    public static LaunchedProcess Start(LaunchRequest request)
    {
        try
        {
            return StartCore(request);
        }
        catch (SpawnException e)
        {
            throw LaunchException.From(e, Program(request.Spec.Process));
        }
        catch (Exception e) when (e is SyscallException or CapabilityException or SeccompException or FileRefusedException)
        {
            throw new LaunchException(e.Message, 128, e);
        }
    }

    /// <summary>The list of a container's start as text, without running it.</summary>
    public static IReadOnlyList<string> Explain(LaunchRequest request)
    {
        using LaunchPlan plan = LaunchPlan.Prepare(request);
        return [.. plan.List.Explain()];
    }

    internal static string Program(Process? process) => process?.Args is [string program, ..] ? program : "";

    private static LaunchedProcess StartCore(LaunchRequest request)
    {
        using LaunchPlan plan = LaunchPlan.Prepare(request);
        using PidCell? pid = plan.Identities is null ? null : new PidCell();
        using IdentityMapper.Running? mapping = plan.Identities?.Begin(pid!);
        SpawnedChild child;
        try
        {
            child = request.From.Spawn(plan.List, plan.Namespaces.Cloned, plan.IntoCgroup, plan.Namespaces.Pid, pid);
        }
        catch (SpawnException e) when (mapping?.Failure is not null)
        {
            throw new LaunchException($"linux.uidMappings or gidMappings: {mapping.Failure.Message}", 128, e);
        }

        return Finish(child, plan.TakeMaster(), plan.Warnings);
    }

    internal static LaunchedProcess Finish(SpawnedChild child, SafeFileHandle? master, IReadOnlyList<string> warnings) => new()
    {
        Pid = child.Pid,
        Pidfd = child.Pidfd,
        // Not reaped yet, so the entry is there even when the process has ended.
        StartTime = ProcessStat.TryRead(child.Pid)?.StartTime ?? 0,
        TerminalMaster = master,
        Warnings = warnings,
    };
}
