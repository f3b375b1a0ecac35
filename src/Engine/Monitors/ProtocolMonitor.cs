// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.MonitorApi;
using Gantry.MonitorApi.Client;

namespace Gantry.Engine.Monitors;

/// <summary>A real monitor behind its socket.</summary>
internal sealed class ProtocolMonitor : IPodMonitor
{
    private readonly MonitorClient _client;
    private volatile bool _lettingGo;

    internal ProtocolMonitor(MonitorClient client, IMonitorListener listener)
    {
        _client = client;
        _ = PumpAsync(listener);
    }

    public int Pid => _client.Pid;

    public Task ConfigureAsync(ConfigurePod pod, SafeHandle? networkNamespace, CancellationToken cancellationToken) =>
        _client.ConfigureAsync(pod, networkNamespace, cancellationToken);

    public Task<CreatedContainer> CreateAsync(CreateContainer container, CancellationToken cancellationToken) =>
        _client.CreateAsync(container, cancellationToken);

    public Task<StartedContainer> StartAsync(string containerId, CancellationToken cancellationToken) =>
        _client.StartAsync(containerId, cancellationToken);

    public Task SignalAsync(string containerId, int signal, bool all, CancellationToken cancellationToken) =>
        _client.SignalAsync(containerId, signal, all, cancellationToken);

    public Task<ExecOutput> ExecSyncAsync(ExecProcess process, TimeSpan? timeout, CancellationToken cancellationToken) =>
        _client.ExecSyncAsync(process, timeout, cancellationToken);

    public Task ReopenLogAsync(string containerId, CancellationToken cancellationToken) =>
        _client.ReopenLogAsync(containerId, cancellationToken);

    public Task UpdateAsync(UpdateContainer update, CancellationToken cancellationToken) =>
        _client.UpdateAsync(update, cancellationToken);

    public Task DeleteAsync(string containerId, CancellationToken cancellationToken) =>
        _client.DeleteAsync(containerId, cancellationToken);

    public Task<PodState> ListAsync(CancellationToken cancellationToken) => _client.ListAsync(cancellationToken);

    public Task ShutdownAsync(CancellationToken cancellationToken)
    {
        _lettingGo = true;
        return _client.ShutdownAsync(cancellationToken);
    }

    public void Kill()
    {
        _lettingGo = true;
        _client.Kill();
    }

    public void Dispose()
    {
        _lettingGo = true;
        _client.Dispose();
    }

    private async Task PumpAsync(IMonitorListener listener)
    {
        await foreach (MonitorEvent happened in _client.Events)
        {
            if (happened is MonitorEvent.ContainerExited { Exit: ContainerExit exit })
            {
                listener.ContainerExited(exit);
            }
        }

        if (!_lettingGo)
        {
            listener.Disconnected();
        }
    }
}

/// <summary>Starts and finds real monitors.</summary>
internal sealed class ProtocolLauncher(MonitorLauncher launcher) : IMonitorLauncher
{
    public async Task<IPodMonitor> LaunchAsync(
        string podDirectory, IMonitorListener listener, CancellationToken cancellationToken) =>
        new ProtocolMonitor(await launcher.StartAsync(podDirectory, cancellationToken), listener);

    public async Task<ReattachedMonitor> ReattachAsync(
        string podDirectory, IMonitorListener listener, CancellationToken cancellationToken)
    {
        Reattachment found = await launcher.ReattachAsync(podDirectory, cancellationToken);
        return new ReattachedMonitor(
            found.Client is MonitorClient client ? new ProtocolMonitor(client, listener) : null, found.Lock);
    }
}
