// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;
using Gantry.Engine.Exec;
using Gantry.Engine.Monitors;
using Gantry.Engine.Pods;
using Gantry.Engine.Records;
using Gantry.Engine.SpecBuilder;
using Gantry.MonitorApi;
using Gantry.Oci.Runtime;

namespace Gantry.Engine.Containers;

/// <summary>Containers of pods.</summary>
public sealed class ContainerEngine
{
    private readonly EngineContext _engine;
    private readonly Resumable<ContainerName> _creations;

    internal ContainerEngine(EngineContext engine)
    {
        _engine = engine;
        _creations = new Resumable<ContainerName>(engine.Log);
    }

    /// <summary>Makes a container and answers its id.</summary>
    /// <remarks>
    /// The same request while the first is under way gets the first one's result; so it does afterwards, as long as the
    /// container was not started: an answer that was lost can be asked for again.
    /// </remarks>
    /// <exception cref="EngineException"><see cref="EngineError.NotFound"/> (pod, image), <see cref="EngineError.InvalidArgument"/>, <see cref="EngineError.AlreadyExists"/>, <see cref="EngineError.FailedPrecondition"/> (pod not ready).</exception>
    public Task<string> CreateAsync(string podId, ContainerConfig config, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(config);
        PodEntry pod = _engine.Pod(podId);
        var name = new ContainerName(podId, config.Metadata.Name, config.Metadata.Attempt);
        string fingerprint = Fingerprint.Of(config, EngineJson.Default.ContainerConfig);
        return _creations.RunAsync(
            name,
            fingerprint,
            () => Existing(name, fingerprint),
            () => ContainerCreation.RunAsync(_engine, pod, config),
            cancellationToken);
    }

    /// <exception cref="EngineException"><see cref="EngineError.NotFound"/>, <see cref="EngineError.FailedPrecondition"/> unless Created; when the program cannot be started the container is Exited with StartError.</exception>
    public Task StartAsync(string id, CancellationToken cancellationToken) =>
        ContainerStart.RunAsync(_engine, _engine.Container(id), cancellationToken);

    /// <summary>Stop signal, then SIGKILL after the grace time.</summary>
    /// <remarks>CRI: "This call is idempotent, and must not return an error if the container has already been stopped"; an absent one counts as stopped.</remarks>
    /// <param name="grace">Zero: SIGKILL at once.</param>
    public Task StopAsync(string id, TimeSpan grace, CancellationToken cancellationToken) =>
        _engine.Containers.TryGetValue(id, out ContainerEntry? container)
            ? ContainerStop.RunAsync(_engine, container, grace, cancellationToken)
            : Task.CompletedTask;

    /// <summary>Kills the container if it runs and removes it.</summary>
    /// <remarks>CRI: "This call is idempotent, and must not return an error if the container has already been removed."</remarks>
    public Task RemoveAsync(string id, CancellationToken cancellationToken) =>
        _engine.Containers.TryGetValue(id, out ContainerEntry? container) && container.Visible
            ? ContainerRemoval.RemoveAsync(_engine, container, cancellationToken)
            : Task.CompletedTask;

    /// <exception cref="EngineException"><see cref="EngineError.NotFound"/>.</exception>
    public Container Status(string id) => _engine.Container(id).Snapshot;

    /// <summary>From memory, without a lock.</summary>
    public IReadOnlyList<Container> List(ContainerFilter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        if (!string.IsNullOrEmpty(filter.Id))
        {
            return _engine.Containers.TryGetValue(filter.Id, out ContainerEntry? one) && Matches(one, filter) ? [one.Snapshot] : [];
        }

        var found = new List<Container>();
        foreach ((_, ContainerEntry container) in _engine.Containers)
        {
            if (Matches(container, filter))
            {
                found.Add(container.Snapshot);
            }
        }

        return found;
    }

    /// <summary>Runs a command in a running container to its end.</summary>
    /// <param name="timeout"><see langword="null"/> or zero: none. When it is over, every process of the command is killed.</param>
    /// <exception cref="EngineException"><see cref="EngineError.DeadlineExceeded"/>, <see cref="EngineError.NotFound"/>, <see cref="EngineError.FailedPrecondition"/> unless Running.</exception>
    public Task<ExecResult> ExecSyncAsync(
        string id, IReadOnlyList<string> command, TimeSpan? timeout, CancellationToken cancellationToken) =>
        ExecRun.RunAsync(Running(id, "exec"), id, command, timeout, cancellationToken);

    /// <summary>Makes the monitor open the log file again, after somebody renamed it.</summary>
    public async Task ReopenLogAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await Running(id, "reopen the log").ReopenLogAsync(id, cancellationToken);
        }
        catch (MonitorException e)
        {
            throw EngineFailure.From($"log of container {id}", e);
        }
    }

    /// <summary>Changes the limits of a container that is created or running: all of them, or none and an error.</summary>
    /// <param name="resources">What is zero or empty stays as it is.</param>
    public async Task UpdateResourcesAsync(string id, ContainerResources resources, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(resources);
        ContainerEntry container = _engine.Container(id);
        LinuxResources limits = ResourcePart.Limits(resources, _engine.Node.Facts.Swap);
        await container.Gate.WaitAsync(cancellationToken);
        try
        {
            if (container.Record.Exited || container.Pod.Monitor is not IPodMonitor monitor)
            {
                throw new EngineException(
                    EngineError.FailedPrecondition, $"cannot update: container {id} is {container.Snapshot.State}");
            }

            JsonElement json = JsonSerializer.SerializeToElement(limits, RuntimeSpecJson.Default.LinuxResources);
            await monitor.UpdateAsync(new UpdateContainer(id, json), CancellationToken.None);
            container.Note(record => record with { Resources = record.Resources.With(resources) }, _engine.Log);
        }
        catch (MonitorException e)
        {
            throw EngineFailure.From($"resources of container {id}", e);
        }
        finally
        {
            container.Gate.Release();
        }
    }

    private static bool Matches(ContainerEntry container, ContainerFilter filter) =>
        container.Visible
        && (string.IsNullOrEmpty(filter.PodId) || container.Record.PodId == filter.PodId)
        && (filter.State is null || container.Record.Status.State == filter.State)
        && LabelMatch.HasAll(container.Record.Config.Labels, filter.Labels);

    private IPodMonitor Running(string id, string action)
    {
        ContainerEntry container = _engine.Container(id);
        return container.Record.Status.State == ContainerState.Running && container.Pod.Monitor is IPodMonitor monitor
            ? monitor
            : throw new EngineException(
                EngineError.FailedPrecondition, $"cannot {action}: container {id} is {container.Record.Status.State}");
    }

    private string? Existing(ContainerName name, string fingerprint)
    {
        if (!_engine.ContainerNames.TryGetValue(name, out string? id)
            || !_engine.Containers.TryGetValue(id, out ContainerEntry? container))
        {
            return null;
        }

        bool same = container.Record.Complete
            && container.Record.Status.State == ContainerState.Created
            && Fingerprint.Of(container.Record.Config, EngineJson.Default.ContainerConfig) == fingerprint;
        return same ? id : throw new EngineException(EngineError.AlreadyExists, $"{name} exists already as {id}");
    }
}
