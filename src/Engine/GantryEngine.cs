// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Containers;
using Gantry.Engine.Events;
using Gantry.Engine.Images;
using Gantry.Engine.Monitors;
using Gantry.Engine.Node;
using Gantry.Engine.Pods;
using Gantry.Engine.Recovery;
using Gantry.Network;
using Microsoft.Extensions.Logging;

namespace Gantry.Engine;

/// <summary>State of a part of the node, as CRI's Status reports it.</summary>
/// <param name="Reason">One CamelCase word; empty when ready.</param>
/// <param name="Message">What to do about it; empty when ready.</param>
public sealed record NodeCondition(bool Ready, string Reason, string Message);

/// <summary>The engine as one object: the only owner of lifecycle and state.</summary>
public sealed class GantryEngine : IAsyncDisposable
{
    private readonly EngineContext _context;
    private readonly CancellationTokenSource _stopping = new();
    private Task _background = Task.CompletedTask;
    private volatile bool _recovered;

    /// <summary>Opens the records. Nothing is touched before <see cref="RecoverAsync"/>.</summary>
    /// <exception cref="IOException">The records' directories cannot be made or read.</exception>
    public GantryEngine(EngineOptions options, EngineParts parts, TimeProvider clock, ILogger<GantryEngine> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(parts);
        Options = options;
        _context = new EngineContext
        {
            Options = options,
            FindImage = parts.Images.Find,
            PrepareSnapshot = (containerId, image) => parts.Images.Prepare(containerId, image.Id),
            Snapshots = parts.Snapshots,
            Volumes = parts.Volumes,
            Network = parts.Network,
            Cgroups = parts.Cgroups,
            Monitors = new ProtocolLauncher(parts.Monitors),
            Node = new NodeProbe(options.DefaultPath),
            Clock = clock,
            Log = logger,
            PodRecords = EngineContext.OpenPodRecords(options.Root),
            ContainerRecords = EngineContext.OpenContainerRecords(options.Root),
        };
        Pods = new PodEngine(_context);
        Containers = new ContainerEngine(_context);
        Images = new ImageEngine(parts.Images);
    }

    public EngineOptions Options { get; }

    public PodEngine Pods { get; }

    public ContainerEngine Containers { get; }

    public ImageEngine Images { get; }

    public EventHub Events => _context.Events;

    /// <summary>Brings memory, records and the kernel to one truth, and starts the background work. Must have finished before anything is served.</summary>
    public async Task RecoverAsync(CancellationToken cancellationToken)
    {
        await EngineRecovery.RunAsync(_context, cancellationToken);
        _background = RunNetworkAsync();
        _recovered = true;
    }

    public NodeCondition RuntimeCondition() =>
        !_recovered ? new NodeCondition(false, "Recovering", "the state of the last run is being read")
        : !File.Exists(Options.MonitorProgram) ? new NodeCondition(
            false, "MonitorMissing", $"no program at '{Options.MonitorProgram}': install gantry-monitor there or set monitor in /etc/gantry/config.toml")
        : new NodeCondition(true, "", "");

    public async Task<NodeCondition> NetworkConditionAsync(CancellationToken cancellationToken)
    {
        NetworkStatus status = await _context.Network.StatusAsync(cancellationToken);
        return new NodeCondition(status.Ready, status.Reason, status.Message);
    }

    /// <summary>The addresses that this node's pods get, as the kubelet learned them (CRI UpdateRuntimeConfig).</summary>
    /// <param name="podCidr">One or two networks, separated by a comma; empty changes nothing.</param>
    /// <exception cref="EngineException"><see cref="EngineError.InvalidArgument"/>.</exception>
    public void UpdatePodCidr(string podCidr)
    {
        try
        {
            _context.Network.UpdatePodCidr(podCidr);
        }
        catch (NetworkException e)
        {
            throw EngineFailure.From("network_config.pod_cidr", e);
        }
    }

    /// <summary>Lets go of the monitors and stops the background work; pods run on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _background;
        foreach (PodEntry pod in _context.Pods.Values)
        {
            pod.Monitor?.Dispose();
        }

        _stopping.Dispose();
    }

    private async Task RunNetworkAsync()
    {
        try
        {
            await _context.Network.RunAsync(_stopping.Token);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // asked to
        }
        catch (Exception e)
        {
            _context.Log.NetworkLoopFailed(e);
        }
    }
}
