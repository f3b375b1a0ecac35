// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.MonitorApi;
using Gantry.MonitorApi.Client;

namespace Gantry.Engine.Monitors;

/// <summary>The engine's side of one running monitor: the requests of docs/processes.md.</summary>
/// <remarks>Another process stands behind it: the real one, or in tests a scripted one. Disposing lets go of the connection; the pod runs on.</remarks>
internal interface IPodMonitor : IDisposable
{
    /// <summary>The monitor's process id.</summary>
    int Pid { get; }

    Task ConfigureAsync(ConfigurePod pod, SafeHandle? networkNamespace, CancellationToken cancellationToken);

    Task<CreatedContainer> CreateAsync(CreateContainer container, CancellationToken cancellationToken);

    Task<StartedContainer> StartAsync(string containerId, CancellationToken cancellationToken);

    Task SignalAsync(string containerId, int signal, bool all, CancellationToken cancellationToken);

    Task<ExecOutput> ExecSyncAsync(ExecProcess process, TimeSpan? timeout, CancellationToken cancellationToken);

    Task ReopenLogAsync(string containerId, CancellationToken cancellationToken);

    Task UpdateAsync(UpdateContainer update, CancellationToken cancellationToken);

    Task DeleteAsync(string containerId, CancellationToken cancellationToken);

    Task<PodState> ListAsync(CancellationToken cancellationToken);

    /// <summary>Kills everything in the pod; every exit is on disk when this returns, and the monitor ends.</summary>
    Task ShutdownAsync(CancellationToken cancellationToken);

    /// <summary>SIGKILL, for a monitor that does not answer. The pod's cgroup must be killed afterwards.</summary>
    void Kill();
}

/// <summary>Hears what a monitor reports. Calls come in the monitor's order, one at a time, and must not block.</summary>
internal interface IMonitorListener
{
    void ContainerExited(ContainerExit exit);

    /// <summary>The connection ended without our doing: the monitor is dead, or the socket is broken.</summary>
    void Disconnected();
}

/// <param name="Monitor"><see langword="null"/> when none runs in the directory.</param>
/// <param name="Lock">With a dead monitor: holds its place until the pod's directory is gone.</param>
internal sealed record ReattachedMonitor(IPodMonitor? Monitor, IDisposable? Lock);

internal interface IMonitorLauncher
{
    /// <summary>Starts the monitor of a pod and waits until it is ready.</summary>
    Task<IPodMonitor> LaunchAsync(string podDirectory, IMonitorListener listener, CancellationToken cancellationToken);

    /// <summary>Finds the monitor that runs in this directory, if one does.</summary>
    Task<ReattachedMonitor> ReattachAsync(string podDirectory, IMonitorListener listener, CancellationToken cancellationToken);
}
