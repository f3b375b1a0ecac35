// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using Gantry.Cri.V1;
using Grpc.Core;

namespace Gantry.Bench.System.Client;

/// <summary>The three calls of a pod's start.</summary>
internal readonly record struct StartTimes(TimeSpan RunPod, TimeSpan Create, TimeSpan Start)
{
    internal TimeSpan Sum => RunPod + Create + Start;
}

/// <summary>The three calls of its end.</summary>
internal readonly record struct StopTimes(TimeSpan StopContainer, TimeSpan StopPod, TimeSpan RemovePod)
{
    internal TimeSpan Sum => StopContainer + StopPod + RemovePod;
}

internal sealed record BenchPod(string PodId, string ContainerId);

/// <summary>Makes, uses and removes pods on one runtime, and takes the time of each call.</summary>
internal sealed class BenchPods(CriRuntime runtime, PodTemplate template)
{
    private const int AtOnce = 8;
    private static readonly TimeSpan s_removal = TimeSpan.FromMinutes(3);

    internal CriRuntime Runtime => runtime;

    internal string Mark => template.Mark;

    internal async Task<(BenchPod Pod, StartTimes Times)> StartAsync(CancellationToken cancellationToken)
    {
        PodSandboxConfig config = template.NextPod();
        ContainerConfig container = template.Container(config);
        long begin = Stopwatch.GetTimestamp();
        RunPodSandboxResponse pod = await runtime.Runtime.RunPodSandboxAsync(
            new RunPodSandboxRequest { Config = config }, null, CriRuntime.Deadline, cancellationToken);
        long made = Stopwatch.GetTimestamp();
        CreateContainerResponse created = await runtime.Runtime.CreateContainerAsync(
            new CreateContainerRequest { PodSandboxId = pod.PodSandboxId, Config = container, SandboxConfig = config },
            null, CriRuntime.Deadline, cancellationToken);
        long prepared = Stopwatch.GetTimestamp();
        await runtime.Runtime.StartContainerAsync(
            new StartContainerRequest { ContainerId = created.ContainerId }, null, CriRuntime.Deadline, cancellationToken);
        TimeSpan start = Stopwatch.GetElapsedTime(prepared);
        return (new BenchPod(pod.PodSandboxId, created.ContainerId),
            new StartTimes(Stopwatch.GetElapsedTime(begin, made), Stopwatch.GetElapsedTime(made, prepared), start));
    }

    /// <summary>Runs /bin/true.</summary>
    internal async Task<TimeSpan> ExecAsync(BenchPod pod, CancellationToken cancellationToken)
    {
        var request = new ExecSyncRequest { ContainerId = pod.ContainerId, Cmd = { "/bin/true" }, Timeout = 30 };
        long begin = Stopwatch.GetTimestamp();
        ExecSyncResponse response = await runtime.Runtime.ExecSyncAsync(request, null, CriRuntime.Deadline, cancellationToken);
        TimeSpan time = Stopwatch.GetElapsedTime(begin);
        return response.ExitCode == 0
            ? time
            : throw new InvalidOperationException($"{runtime.Name}: /bin/true ended with {response.ExitCode}");
    }

    internal async Task<StopTimes> StopAsync(BenchPod pod, CancellationToken cancellationToken)
    {
        long begin = Stopwatch.GetTimestamp();
        await runtime.Runtime.StopContainerAsync(
            new StopContainerRequest { ContainerId = pod.ContainerId, Timeout = 0 }, null, CriRuntime.Deadline, cancellationToken);
        long ended = Stopwatch.GetTimestamp();
        await runtime.Runtime.StopPodSandboxAsync(
            new StopPodSandboxRequest { PodSandboxId = pod.PodId }, null, CriRuntime.Deadline, cancellationToken);
        long stopped = Stopwatch.GetTimestamp();
        await runtime.Runtime.RemovePodSandboxAsync(
            new RemovePodSandboxRequest { PodSandboxId = pod.PodId }, null, CriRuntime.Deadline, cancellationToken);
        TimeSpan removal = Stopwatch.GetElapsedTime(stopped);
        return new StopTimes(Stopwatch.GetElapsedTime(begin, ended), Stopwatch.GetElapsedTime(ended, stopped), removal);
    }

    /// <summary>Removes whatever pods of this run the runtime still has, also those whose answer never arrived.</summary>
    /// <returns>How many there were.</returns>
    internal async Task<int> RemoveAllAsync()
    {
        using var limit = new CancellationTokenSource(s_removal);
        var filter = new PodSandboxFilter { LabelSelector = { [PodTemplate.Label] = Mark } };
        ListPodSandboxResponse left = await runtime.Runtime.ListPodSandboxAsync(
            new ListPodSandboxRequest { Filter = filter }, null, CriRuntime.Deadline, limit.Token);
        await Parallel.ForEachAsync(
            left.Items,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = limit.Token },
            async (pod, cancellationToken) => await RemoveAsync(pod.Id, cancellationToken));
        return left.Items.Count;
    }

    private async Task RemoveAsync(string pod, CancellationToken cancellationToken)
    {
        try
        {
            await runtime.Runtime.StopPodSandboxAsync(new StopPodSandboxRequest { PodSandboxId = pod }, null, CriRuntime.Deadline, cancellationToken);
            await runtime.Runtime.RemovePodSandboxAsync(new RemovePodSandboxRequest { PodSandboxId = pod }, null, CriRuntime.Deadline, cancellationToken);
        }
        catch (RpcException e)
        {
            // The others are removed even so.
            await Console.Error.WriteLineAsync($"bench: {runtime.Name}: pod {pod} is left: {e.Status.Detail}".AsMemory(), CancellationToken.None);
        }
    }
}
