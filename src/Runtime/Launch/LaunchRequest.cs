// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Cgroups;
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Oci.Runtime;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Runtime.Launch;

/// <summary>A container to start. All handles stay the caller's and are not needed after the call.</summary>
public sealed record LaunchRequest
{
    /// <summary>Complete: ids resolved, environment final.</summary>
    public required Spec Spec { get; init; }

    /// <summary>The root file system, a detached mount (see <see cref="Rootfs.OverlayRootfs"/>).</summary>
    public required RootDirectory Rootfs { get; init; }

    public required LaunchNamespace From { get; init; }

    /// <summary><see langword="null"/>: no pod; every listed namespace is new or has a path.</summary>
    public PodNamespaces? Pod { get; init; }

    /// <summary>Where the process is born; <see langword="null"/>: the caller's cgroup.</summary>
    public Cgroup? Cgroup { get; init; }

    /// <summary>A PID namespace of the pod is not used although there is one.</summary>
    public bool OwnPidNamespace { get; init; }

    /// <summary>PID namespace of another process to join.</summary>
    public SafeHandle? PidNamespace { get; init; }

    /// <summary>Pipes or files; ignored with <c>process.terminal</c>, which makes a terminal.</summary>
    public ProcessStdio? Stdio { get; init; }
}

/// <summary>A further process in a running container.</summary>
public sealed record ExecRequest
{
    /// <summary>Pidfd of a process of the container, usually its init.</summary>
    public required SafeHandle Container { get; init; }

    /// <summary>Namespaces that the container has of its own or shares with its pod, as in its specification.</summary>
    public required IReadOnlyList<LinuxNamespace> Namespaces { get; init; }

    public required Process Process { get; init; }

    /// <summary>The container's filter applies to every process in it.</summary>
    public LinuxSeccomp? Seccomp { get; init; }

    public Cgroup? Cgroup { get; init; }

    /// <summary>A v2 group of the exec's own, in which it is born instead of <see cref="Cgroup"/>'s v2 directory.</summary>
    public ExecGroup? Group { get; init; }

    public required LaunchNamespace From { get; init; }

    public ProcessStdio? Stdio { get; init; }
}

/// <summary>A process that has executed its program. The owner disposes it when the process is reaped.</summary>
public sealed record LaunchedProcess : IDisposable
{
    public required int Pid { get; init; }

    public required OwnedFd Pidfd { get; init; }

    /// <summary>Clock ticks since boot; with the pid it names the process for ever.</summary>
    public required ulong StartTime { get; init; }

    /// <summary>The other end of its terminal, when it has one.</summary>
    public SafeFileHandle? TerminalMaster { get; init; }

    /// <summary>What was asked for and had to be done with less.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    public void Dispose()
    {
        Pidfd.Dispose();
        TerminalMaster?.Dispose();
    }
}
