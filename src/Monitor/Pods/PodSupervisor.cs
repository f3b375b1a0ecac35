// SPDX-License-Identifier: Apache-2.0
using Gantry.Cgroups;
using Gantry.Interop;
using Gantry.Interop.Events;
using Gantry.Monitor.Containers;
using Gantry.Monitor.Execs;
using Gantry.Monitor.Logs;
using Gantry.Monitor.Serving;
using Gantry.MonitorApi;
using Gantry.MonitorApi.Framing;
using Gantry.Runtime.Launch;

namespace Gantry.Monitor.Pods;

/// <summary>The pod: its namespaces and its containers. Everything runs on the loop's thread.</summary>
internal sealed class PodSupervisor : IDisposable
{
    private readonly PodDirectory _directory;
    private readonly Dictionary<string, ContainerSupervisor> _containers = new(StringComparer.Ordinal);
    private readonly HashSet<string> _creating = new(StringComparer.Ordinal);
    private readonly Gate _configuring = new();
    private PodResources? _resources;
    private PodInitProcess? _init;
    private bool _shuttingDown;

    /// <param name="directory">Open and locked; stays the caller's.</param>
    internal PodSupervisor(EventLoop loop, PodDirectory directory)
    {
        Loop = loop;
        _directory = directory;
        Workers = new Workers(loop);
        Children = new Children(loop);
        Execs = new ExecSupervisor(this);
        Requests requests = new(this, new IdleCollection(loop));
        Connections = new Connections(loop, directory.Listen(), (channel, envelope, fds) => _ = requests.HandleAsync(channel, envelope, fds));
    }

    internal EventLoop Loop { get; }

    internal Workers Workers { get; }

    internal Children Children { get; }

    internal Connections Connections { get; }

    internal ExecSupervisor Execs { get; }

    internal LogBuffers LogBuffers { get; } = new();

    internal CgroupHierarchies Hierarchies => Resources.Hierarchies;

    internal LaunchNamespace LaunchFrom => Resources.LaunchFrom;

    internal PodNamespaces? Namespaces => _resources?.Namespaces;

    /// <summary>Nothing of the pod is left: <see cref="Leave"/> may come.</summary>
    internal bool IsDown { get; private set; }

    private PodResources Resources =>
        _resources ?? throw new MonitorException(MonitorErrorKind.FailedPrecondition, "the pod is not configured");

    internal Task<ConfiguredPod> ConfigureAsync(ConfigurePod pod, ReceivedFds fds) => _configuring.Enter(async () =>
    {
        if (_resources is not null)
        {
            throw new MonitorException(MonitorErrorKind.AlreadyExists, $"the pod is configured as \"{_resources.Pod.PodId}\"");
        }

        fds.Expect(MonitorCalls.Configure, pod.HostNetwork ? 0 : 1);
        OwnedFd? network = pod.HostNetwork ? null : fds.Take(0);
        PodResources resources = await Workers.Run(() => PodResources.Make(pod, network));
        try
        {
            if (pod.Pid == NamespaceSource.Pod)
            {
                _init = await PodInitProcess.StartAsync(this, resources, $"{pod.CgroupPath}/init");
            }
        }
        catch
        {
            resources.Dispose();
            throw;
        }

        _resources = resources;
        return new ConfiguredPod(_init is null ? [] : [_init.Pid]);
    });

    internal async Task<CreatedContainer> CreateAsync(CreateContainer request)
    {
        PodResources resources = Resources;
        string id = request.ContainerId;
        if (!Names.IsValid(id))
        {
            throw new MonitorException(MonitorErrorKind.InvalidArgument, $"containerId: {Names.Accepted}");
        }

        if (_shuttingDown || _containers.ContainsKey(id) || !_creating.Add(id))
        {
            throw _shuttingDown
                ? new MonitorException(MonitorErrorKind.FailedPrecondition, "the pod is being shut down")
                : new MonitorException(MonitorErrorKind.AlreadyExists, $"container {id} exists");
        }

        try
        {
            (ContainerParts parts, LogFile? log) = await Workers.Run(() => Prepare(request, resources));
            ContainerSupervisor container = new(this, request, parts, log);
            if (_shuttingDown)
            {
                await container.RemoveAsync();
                throw new MonitorException(MonitorErrorKind.FailedPrecondition, "the pod is being shut down");
            }

            _containers.Add(id, container);
            return new CreatedContainer { Uid = parts.User.Uid, Gid = parts.User.Gid, AdditionalGids = parts.User.AdditionalGids };
        }
        finally
        {
            _creating.Remove(id);
        }
    }

    /// <exception cref="MonitorException">There is none of this id.</exception>
    internal ContainerSupervisor Find(string id) =>
        _containers.TryGetValue(id, out ContainerSupervisor? container)
            ? container
            : throw new MonitorException(MonitorErrorKind.NotFound, $"container {id} is not in this pod");

    /// <summary>Absent is success.</summary>
    internal async Task DeleteAsync(string id)
    {
        if (_containers.TryGetValue(id, out ContainerSupervisor? container))
        {
            await container.RemoveAsync();
            _containers.Remove(id);
        }
    }

    internal PodState Describe() => new()
    {
        Pod = _resources?.Pod,
        Containers = [.. _containers.Values.Select(static container => container.Describe())],
    };

    /// <summary>Kills and removes everything, as far as it dies.</summary>
    /// <exception cref="MonitorException">Something does not die; the monitor stays.</exception>
    internal async Task ShutdownAsync()
    {
        _shuttingDown = true;
        await Task.WhenAll(_containers.Keys.ToArray().Select(DeleteAsync));
        if (_init is not null)
        {
            await _init.StopAsync();
        }

        IsDown = true;
    }

    /// <summary>Ends the loop, and with it the program.</summary>
    internal void Leave() => Loop.Stop();

    internal void ReportExit(ContainerExit exit)
    {
        try
        {
            ExitRecords.Write(_directory.Exits, exit);
        }
        catch (SyscallException e)
        {
            MonitorLog.Error($"exit record of container {exit.ContainerId}: {e.Message}");
        }

        Connections.Broadcast(FrameWriter.Event(MonitorCalls.ContainerExited, exit, MonitorJson.Default.ContainerExit));
    }

    internal void ReportOom(string containerId) =>
        Connections.Broadcast(FrameWriter.Event(MonitorCalls.ContainerOom, new ContainerOom(containerId), MonitorJson.Default.ContainerOom));

    public void Dispose()
    {
        Connections.Dispose();
        foreach (ContainerSupervisor container in _containers.Values)
        {
            container.Dispose();
        }

        _resources?.Dispose();
        Children.Dispose();
    }

    private static (ContainerParts Parts, LogFile? Log) Prepare(CreateContainer request, PodResources resources)
    {
        LogFile? log = request.LogPath.Length == 0 ? null : new LogFile(request.LogPath, request.LogRoot);
        try
        {
            return (ContainerCreation.Make(request, resources.Hierarchies, resources.Pod.CgroupPath), log);
        }
        catch
        {
            log?.Dispose();
            throw;
        }
    }
}
