// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Containers;
using Gantry.Engine.Records;

namespace Gantry.Engine.Pods;

/// <summary>Pods: the sandboxes of the CRI.</summary>
public sealed class PodEngine
{
    private readonly EngineContext _engine;
    private readonly Resumable<PodMetadata> _creations;

    internal PodEngine(EngineContext engine)
    {
        _engine = engine;
        _creations = new Resumable<PodMetadata>(engine.Log);
    }

    /// <summary>Makes a pod and answers its id when it is ready.</summary>
    /// <remarks>
    /// The same request while the first is under way gets the first one's result; so it does afterwards, as long as the pod is
    /// ready: an answer that was lost can be asked for again.
    /// </remarks>
    /// <exception cref="EngineException"><see cref="EngineError.InvalidArgument"/>, <see cref="EngineError.AlreadyExists"/> (another pod has this name, uid and attempt), and whatever a step failed with.</exception>
    public Task<string> RunAsync(PodConfig config, string runtimeHandler, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(config);
        string fingerprint = Print(config, runtimeHandler);
        return _creations.RunAsync(
            config.Metadata,
            fingerprint,
            () => Existing(config.Metadata, fingerprint),
            () => PodStart.RunAsync(_engine, config, runtimeHandler),
            cancellationToken);
    }

    /// <summary>Stops every container of the pod and takes its network away.</summary>
    /// <remarks>CRI: "This call is idempotent, and must not return an error if all relevant resources have already been reclaimed."</remarks>
    public async Task StopAsync(string id, CancellationToken cancellationToken)
    {
        if (_engine.Pods.TryGetValue(id, out PodEntry? pod) && pod.Record.Visible)
        {
            await ReleaseAsync(pod, cancellationToken);
        }
    }

    /// <summary>Stops the pod, removes its containers and then itself.</summary>
    /// <remarks>CRI: "This call is idempotent, and must not return an error if the sandbox has already been removed."</remarks>
    public async Task RemoveAsync(string id, CancellationToken cancellationToken)
    {
        if (!_engine.Pods.TryGetValue(id, out PodEntry? pod) || !pod.Record.Visible)
        {
            return;
        }

        await ReleaseAsync(pod, cancellationToken);
        pod.Note(record => record with { RemovedAt = record.RemovedAt ?? _engine.Now }, _engine.Log);
        foreach (ContainerEntry container in pod.Containers.Values)
        {
            await ContainerRemoval.RemoveAsync(_engine, container, cancellationToken);
        }

        await pod.Gate.WaitAsync(cancellationToken);
        try
        {
            if (_engine.Pods.ContainsKey(id))
            {
                PodRelease.Delete(_engine, pod);
                _engine.Log.PodRemoved(id);
            }
        }
        catch (IOException e)
        {
            throw EngineFailure.From($"removal of pod {id}", e);
        }
        finally
        {
            pod.Gate.Release();
        }
    }

    /// <exception cref="EngineException"><see cref="EngineError.NotFound"/>.</exception>
    public Pod Status(string id) => _engine.Pod(id).Snapshot;

    /// <summary>From memory, without a lock.</summary>
    public IReadOnlyList<Pod> List(PodFilter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        if (!string.IsNullOrEmpty(filter.Id))
        {
            return _engine.Pods.TryGetValue(filter.Id, out PodEntry? pod) && Matches(pod, filter) ? [pod.Snapshot] : [];
        }

        var found = new List<Pod>();
        foreach ((_, PodEntry pod) in _engine.Pods)
        {
            if (Matches(pod, filter))
            {
                found.Add(pod.Snapshot);
            }
        }

        return found;
    }

    private static bool Matches(PodEntry pod, PodFilter filter) =>
        pod.Record.Visible
        && (filter.State is null || pod.Snapshot.State == filter.State)
        && LabelMatch.HasAll(pod.Record.Config.Labels, filter.Labels);

    private static string Print(PodConfig config, string handler) =>
        Fingerprint.Of(config, EngineJson.Default.PodConfig) + handler;

    private async Task ReleaseAsync(PodEntry pod, CancellationToken cancellationToken)
    {
        await pod.Gate.WaitAsync(cancellationToken);
        try
        {
            await PodRelease.ReleaseAsync(_engine, pod);
        }
        finally
        {
            pod.Gate.Release();
        }
    }

    private string? Existing(PodMetadata name, string fingerprint)
    {
        if (!_engine.PodNames.TryGetValue(name, out string? id) || !_engine.Pods.TryGetValue(id, out PodEntry? pod))
        {
            return null;
        }

        bool same = pod.Snapshot.State == SandboxState.Ready
            && Print(pod.Record.Config, pod.Record.RuntimeHandler) == fingerprint;
        return same
            ? id
            : throw new EngineException(
                EngineError.AlreadyExists,
                $"pod {name.Namespace}/{name.Name} (uid {name.Uid}) attempt {name.Attempt} exists already as {id}");
    }
}
