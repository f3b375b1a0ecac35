// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Engine.Pods;

/// <summary>Pods: the sandboxes of the CRI.</summary>
public sealed class PodEngine
{
    /// <summary>Makes a pod and answers its id when it is ready. A second call for the same pod while the first is under way gets the first one's result.</summary>
    /// <exception cref="EngineException"><see cref="EngineError.InvalidArgument"/>, <see cref="EngineError.AlreadyExists"/> (another pod has this name, uid and attempt), and whatever a step failed with.</exception>
    public Task<string> RunAsync(PodConfig config, string runtimeHandler, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Stops every container of the pod and takes its network away. Absent, or stopped before: success.</summary>
    public Task StopAsync(string id, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Stops the pod, removes its containers and then itself. Absent: success.</summary>
    public Task RemoveAsync(string id, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <exception cref="EngineException"><see cref="EngineError.NotFound"/>.</exception>
    public Pod Status(string id) => throw new NotImplementedException();

    /// <summary>From memory, without a lock.</summary>
    public IReadOnlyList<Pod> List(PodFilter filter) => throw new NotImplementedException();
}
