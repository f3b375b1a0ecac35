// SPDX-License-Identifier: Apache-2.0
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text.Json;
using Gantry.Engine.Monitors;
using Gantry.MonitorApi;
using Gantry.MonitorApi.Client;
using Gantry.MonitorApi.Framing;

namespace Gantry.Engine.Tests.Kit;

/// <summary>A container as a scripted monitor keeps it.</summary>
internal sealed record ScriptedContainer(CreateContainer Request, MonitoredContainer State);

/// <summary>Stands for a monitor process: it lives as long as the world wants, whoever is connected.</summary>
internal sealed class ScriptedMonitor(string directory)
{
    private int _pid = 1000;

    internal IMonitorListener? Listener { get; set; }

    internal bool Alive { get; private set; } = true;

    internal ConfigurePod? Pod { get; set; }

    internal ConcurrentDictionary<string, ScriptedContainer> Containers { get; } = new();

    /// <summary>Signals as they came: container, signal, all.</summary>
    internal ConcurrentQueue<(string Id, int Signal, bool All)> Signals { get; } = new();

    /// <summary>Signals that the containers' programs ignore.</summary>
    internal ConcurrentDictionary<int, bool> Ignored { get; } = new();

    internal int NextPid() => Interlocked.Increment(ref _pid);

    /// <summary>A container's program ends: on disk first, then told to whoever listens.</summary>
    internal void Exit(string id, int code, bool oom = false, DateTimeOffset? at = null)
    {
        ScriptedContainer container = Containers[id];
        var exit = new ContainerExit
        {
            ContainerId = id,
            ExitCode = code,
            FinishedAt = at ?? DateTimeOffset.UtcNow,
            OomKilled = oom,
            StartedAt = container.State.StartedAt,
        };
        Directory.CreateDirectory(Path.Combine(directory, ExitRecords.DirectoryName));
        File.WriteAllBytes(
            Path.Combine(directory, ExitRecords.DirectoryName, id + ".json"),
            JsonSerializer.SerializeToUtf8Bytes(exit, MonitorJson.Default.ContainerExit));
        Containers[id] = container with { State = container.State with { State = MonitoredState.Exited, Exit = exit } };
        Listener?.ContainerExited(exit);
    }

    /// <summary>SIGKILL: its containers die with it and nobody writes down how.</summary>
    internal void Kill()
    {
        Alive = false;
        IMonitorListener? listener = Listener;
        Listener = null;
        listener?.Disconnected();
    }

    internal void Shutdown()
    {
        foreach ((string id, ScriptedContainer container) in Containers)
        {
            if (container.State.State == MonitoredState.Running)
            {
                Exit(id, 137);
            }
        }

        Alive = false;
        Listener = null;
    }

    internal sealed class Connection(World world, ScriptedMonitor process) : IPodMonitor
    {
        public int Pid => 1;

        public Task ConfigureAsync(ConfigurePod pod, SafeHandle? networkNamespace, CancellationToken cancellationToken) =>
            RunAsync("configure", () =>
            {
                Assert.Equal(pod.HostNetwork, networkNamespace is null);
                process.Pod = pod;
            });

        public async Task<CreatedContainer> CreateAsync(CreateContainer container, CancellationToken cancellationToken)
        {
            await RunAsync("create", () => process.Containers[container.ContainerId] = new ScriptedContainer(
                container, new MonitoredContainer { ContainerId = container.ContainerId, State = MonitoredState.Created }));
            return new CreatedContainer { Uid = 1000, Gid = 100, AdditionalGids = [7] };
        }

        public async Task<StartedContainer> StartAsync(string containerId, CancellationToken cancellationToken)
        {
            var started = new StartedContainer(process.NextPid(), 1, DateTimeOffset.UtcNow);
            await RunAsync("start", () => process.Containers[containerId] = process.Containers[containerId] with
            {
                State = new MonitoredContainer
                {
                    ContainerId = containerId,
                    State = MonitoredState.Running,
                    Pid = started.Pid,
                    StartedAt = started.StartedAt,
                },
            });
            return started;
        }

        public Task SignalAsync(string containerId, int signal, bool all, CancellationToken cancellationToken) =>
            RunAsync("signal", () =>
            {
                process.Signals.Enqueue((containerId, signal, all));
                if (!process.Ignored.ContainsKey(signal))
                {
                    process.Exit(containerId, 128 + signal);
                }
            });

        public async Task<ExecOutput> ExecSyncAsync(ExecProcess process, TimeSpan? timeout, CancellationToken cancellationToken)
        {
            await world.StepAsync("exec");
            return new ExecOutput(3, "out"u8.ToArray(), "err"u8.ToArray(), TimedOut: process.Args[0] == "slow");
        }

        public Task ReopenLogAsync(string containerId, CancellationToken cancellationToken) => RunAsync("reopen", () => { });

        public Task UpdateAsync(UpdateContainer update, CancellationToken cancellationToken) => RunAsync("update", () => { });

        public Task DeleteAsync(string containerId, CancellationToken cancellationToken) =>
            RunAsync("delete", () => process.Containers.TryRemove(containerId, out _));

        public async Task<PodState> ListAsync(CancellationToken cancellationToken)
        {
            await RunAsync("list", () => { });
            return new PodState { Pod = process.Pod, Containers = [.. process.Containers.Values.Select(static c => c.State)] };
        }

        public Task ShutdownAsync(CancellationToken cancellationToken) => RunAsync("shutdown", process.Shutdown);

        public void Kill()
        {
            process.Listener = null;
            process.Kill();
        }

        public void Dispose() => process.Listener = null;

        private async Task RunAsync(string step, Action effect)
        {
            await world.StepAsync(step);
            if (!process.Alive)
            {
                throw new MonitorException(MonitorErrorKind.Disconnected, "the connection to the monitor ended");
            }

            effect();
            await world.StepAsync(step + " done");
        }
    }
}

/// <summary>Starts scripted monitors, and finds them again.</summary>
internal sealed class ScriptedLauncher(World world) : IMonitorLauncher
{
    public async Task<IPodMonitor> LaunchAsync(string podDirectory, IMonitorListener listener, CancellationToken cancellationToken)
    {
        await world.StepAsync("launch");
        Assert.True(Directory.Exists(podDirectory), "a monitor needs its directory");
        var process = new ScriptedMonitor(podDirectory) { Listener = listener };
        world.Monitors[podDirectory] = process;
        await world.StepAsync("launch done");
        return new ScriptedMonitor.Connection(world, process);
    }

    public async Task<ReattachedMonitor> ReattachAsync(
        string podDirectory, IMonitorListener listener, CancellationToken cancellationToken)
    {
        await world.StepAsync("reattach");
        if (!world.Monitors.TryGetValue(podDirectory, out ScriptedMonitor? process) || !process.Alive)
        {
            return new ReattachedMonitor(null, null);
        }

        process.Listener = listener;
        return new ReattachedMonitor(new ScriptedMonitor.Connection(world, process), null);
    }
}
