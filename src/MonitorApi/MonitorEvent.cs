// SPDX-License-Identifier: Apache-2.0
namespace Gantry.MonitorApi;

/// <summary>Something happened in a pod.</summary>
public abstract record MonitorEvent
{
    private MonitorEvent()
    {
    }

    /// <summary>A container ended; its exit record is on disk already. Comes once for each start.</summary>
    public sealed record ContainerExited(ContainerExit Exit) : MonitorEvent;

    /// <summary>A process started by <c>exec</c> ended.</summary>
    public sealed record ExecExited(ExecExit Exit) : MonitorEvent;

    /// <summary>The kernel killed a process of a container for memory; the container may run on.</summary>
    public sealed record OutOfMemory(string ContainerId) : MonitorEvent;
}
