// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop;
using Gantry.Interop.Processes;
using Gantry.MonitorApi.Framing;

namespace Gantry.MonitorApi.Client;

/// <summary>gantryd's end of a connection to a monitor. Requests may be made in parallel, from any thread.</summary>
/// <remarks>
/// A cancelled request was sent whole nevertheless: its answer is dropped, its effect stays. Requests throw
/// <see cref="MonitorException"/>; after the end of the connection with <see cref="MonitorErrorKind.Disconnected"/>.
/// </remarks>
public sealed class MonitorClient : IDisposable
{
    private readonly OwnedFd _process;

    internal MonitorClient(MonitorLoop loop, MonitorConnection connection, OwnedFd process, int pid)
    {
        Loop = loop;
        Connection = connection;
        _process = process;
        Pid = pid;
    }

    /// <summary>The monitor's process.</summary>
    public int Pid { get; }

    /// <summary>What happens in the pod, for one reader; ends with the connection. What happened between two connections is in <see cref="ListAsync"/>.</summary>
    public IAsyncEnumerable<MonitorEvent> Events => Connection.Events.ReadAllAsync();

    /// <summary>Completes once, when the connection ended for whatever reason; never fails.</summary>
    public Task Disconnected => Connection.Disconnected;

    internal MonitorLoop Loop { get; }

    internal MonitorConnection Connection { get; }

    /// <param name="networkNamespace">Stays the caller's; <see langword="null"/> with host network.</param>
    public Task<ConfiguredPod> ConfigureAsync(ConfigurePod pod, SafeHandle? networkNamespace, CancellationToken cancellationToken) =>
        Connection.CallAsync(
            MonitorCalls.Configure, pod, MonitorJson.Default.ConfigurePod, MonitorJson.Default.ConfiguredPod, cancellationToken,
            networkNamespace is null ? [] : [networkNamespace]);

    public Task<CreatedContainer> CreateAsync(CreateContainer container, CancellationToken cancellationToken) =>
        Connection.CallAsync(
            MonitorCalls.Create, container, MonitorJson.Default.CreateContainer, MonitorJson.Default.CreatedContainer, cancellationToken);

    /// <exception cref="MonitorException"><see cref="MonitorErrorKind.LaunchFailed"/> with the exit code that it stands for.</exception>
    public Task<StartedContainer> StartAsync(string containerId, CancellationToken cancellationToken) =>
        Connection.CallAsync(
            MonitorCalls.Start, new StartContainer(containerId), MonitorJson.Default.StartContainer,
            MonitorJson.Default.StartedContainer, cancellationToken);

    /// <summary>Sends a signal; a container that has ended already is no error.</summary>
    /// <param name="signal">1 to 64.</param>
    /// <param name="all">Every process of the container instead of its first one.</param>
    public Task SignalAsync(string containerId, int signal, bool all, CancellationToken cancellationToken) =>
        Connection.CallAsync(
            MonitorCalls.Signal, new SignalContainer(containerId, signal, all), MonitorJson.Default.SignalContainer,
            MonitorJson.Default.Done, cancellationToken);

    /// <summary>Starts a further process. Its end comes as <see cref="MonitorEvent.ExecExited"/>.</summary>
    /// <param name="stdin">The three stay the caller's; dispose them after the call to see the other ends close.</param>
    public Task<StartedExec> ExecAsync(
        ExecProcess process, SafeHandle stdin, SafeHandle stdout, SafeHandle stderr, CancellationToken cancellationToken) =>
        Connection.CallAsync(
            MonitorCalls.Exec, process, MonitorJson.Default.ExecProcess, MonitorJson.Default.StartedExec, cancellationToken,
            stdin, stdout, stderr);

    /// <summary>Runs a further process to its end and collects what it writes.</summary>
    /// <param name="timeout">After it everything that the process started is killed; <see langword="null"/>: no limit.</param>
    public Task<ExecOutput> ExecSyncAsync(ExecProcess process, TimeSpan? timeout, CancellationToken cancellationToken) =>
        ExecSession.RunAsync(this, process, timeout, cancellationToken);

    /// <summary>Kills everything that an exec started; one that has ended already is no error.</summary>
    public Task KillExecAsync(string execId, CancellationToken cancellationToken) =>
        Connection.CallAsync(
            MonitorCalls.KillExec, new KillExec(execId), MonitorJson.Default.KillExec, MonitorJson.Default.Done, cancellationToken);

    /// <summary>What was written before goes to the old file, everything after to a new one at the container's log path.</summary>
    public Task ReopenLogAsync(string containerId, CancellationToken cancellationToken) =>
        Connection.CallAsync(
            MonitorCalls.ReopenLog, new ReopenLog(containerId), MonitorJson.Default.ReopenLog, MonitorJson.Default.Done, cancellationToken);

    public Task UpdateAsync(UpdateContainer update, CancellationToken cancellationToken) =>
        Connection.CallAsync(
            MonitorCalls.Update, update, MonitorJson.Default.UpdateContainer, MonitorJson.Default.Done, cancellationToken);

    /// <summary>Stops what runs, removes the cgroup and forgets the container; an absent one is no error.</summary>
    public Task DeleteAsync(string containerId, CancellationToken cancellationToken) =>
        Connection.CallAsync(
            MonitorCalls.Delete, new DeleteContainer(containerId), MonitorJson.Default.DeleteContainer, MonitorJson.Default.Done,
            cancellationToken);

    /// <summary>The truth about the pod, also about what happened while nobody was connected.</summary>
    public Task<PodState> ListAsync(CancellationToken cancellationToken) =>
        Connection.CallAsync(MonitorCalls.List, new Done(), MonitorJson.Default.Done, MonitorJson.Default.PodState, cancellationToken);

    /// <summary>Kills everything in the pod and ends the monitor; completes when the connection has ended.</summary>
    public async Task ShutdownAsync(CancellationToken cancellationToken)
    {
        await Connection.CallAsync(
            MonitorCalls.Shutdown, new Done(), MonitorJson.Default.Done, MonitorJson.Default.Done, cancellationToken);
        await Disconnected.WaitAsync(cancellationToken);
    }

    /// <summary>SIGKILL, for a monitor that does not answer. Its containers lose their parent: kill the pod's cgroup afterwards.</summary>
    public void Kill()
    {
        try
        {
            Pidfd.SendSignal(_process, Signal.SIGKILL);
        }
        catch (ObjectDisposedException)
        {
            // it has ended and was collected
        }
    }

    /// <summary>Ends the connection; the monitor and its pod live on.</summary>
    public void Dispose() => Connection.Dispose();
}
