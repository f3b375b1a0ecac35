// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Exec;

namespace Gantry.Engine.Containers;

public sealed class ContainerEngine
{
    /// <summary>Makes a container and answers its id. A second call for the same container while the first is under way gets the first one's result.</summary>
    /// <exception cref="EngineException"><see cref="EngineError.NotFound"/> (pod, image), <see cref="EngineError.InvalidArgument"/>, <see cref="EngineError.AlreadyExists"/>, <see cref="EngineError.FailedPrecondition"/> (pod not ready).</exception>
    public Task<string> CreateAsync(string podId, ContainerConfig config, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <exception cref="EngineException"><see cref="EngineError.NotFound"/>, <see cref="EngineError.FailedPrecondition"/> unless Created.</exception>
    public Task StartAsync(string id, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Stop signal, then SIGKILL after the grace time. Absent, or exited before: success.</summary>
    /// <param name="grace">Zero: SIGKILL at once.</param>
    public Task StopAsync(string id, TimeSpan grace, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Kills the container if it runs and removes it. Absent: success.</summary>
    public Task RemoveAsync(string id, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <exception cref="EngineException"><see cref="EngineError.NotFound"/>.</exception>
    public Container Status(string id) => throw new NotImplementedException();

    /// <summary>From memory, without a lock.</summary>
    public IReadOnlyList<Container> List(ContainerFilter filter) => throw new NotImplementedException();

    /// <summary>Runs a command in a running container to its end.</summary>
    /// <param name="timeout"><see langword="null"/> or zero: none. When it is over, every process of the command is killed.</param>
    /// <exception cref="EngineException"><see cref="EngineError.DeadlineExceeded"/>, <see cref="EngineError.NotFound"/>, <see cref="EngineError.FailedPrecondition"/> unless Running.</exception>
    public Task<ExecResult> ExecSyncAsync(
        string id, IReadOnlyList<string> command, TimeSpan? timeout, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Makes the monitor open the log file again, after somebody renamed it.</summary>
    public Task ReopenLogAsync(string id, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Changes the limits of a container that is created or running: all of them, or none and an error.</summary>
    public Task UpdateResourcesAsync(string id, ContainerResources resources, CancellationToken cancellationToken) =>
        throw new NotImplementedException();
}
