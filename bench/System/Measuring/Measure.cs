// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Bench.System.Measuring;

/// <summary>Something measured. Ids are stable: <c>system.json</c> has them.</summary>
/// <param name="Unit">ms, MB or 1/s.</param>
internal sealed record Measure(string Id, string Title, string Unit)
{
    internal static readonly Measure PodStart = new("pod-start", "pod start (sum of the three)", "ms");
    internal static readonly Measure RunPod = new("run-pod", "  RunPodSandbox", "ms");
    internal static readonly Measure Create = new("create-container", "  CreateContainer", "ms");
    internal static readonly Measure Start = new("start-container", "  StartContainer", "ms");
    internal static readonly Measure Exec = new("exec-true", "ExecSync of true", "ms");
    internal static readonly Measure Teardown = new("teardown", "teardown (sum of the three)", "ms");
    internal static readonly Measure StopContainer = new("stop-container", "  StopContainer, timeout 0", "ms");
    internal static readonly Measure StopPod = new("stop-pod", "  StopPodSandbox", "ms");
    internal static readonly Measure RemovePod = new("remove-pod", "  RemovePodSandbox", "ms");
    internal static readonly Measure Cycles = new("cycles", "whole cycles, many at once", "1/s");
    internal static readonly Measure BusyStart = new("busy-pod-start", "  pod start among them", "ms");
    internal static readonly Measure ListContainers = new("list-containers", "ListContainers, many pods", "ms");
    internal static readonly Measure ListPods = new("list-pods", "ListPodSandbox, many pods", "ms");
    internal static readonly Measure MonitorMemory = new("monitor-pss", "monitor or shim, PSS a pod", "MB");
    internal static readonly Measure OverheadMemory = new("overhead-pss", "  with its other processes", "MB");
    internal static readonly Measure FreshMemory = new("daemon-pss-fresh", "daemon before any pod, PSS", "MB");
    internal static readonly Measure LoadedMemory = new("daemon-pss-loaded", "daemon with many pods, PSS", "MB");
    internal static readonly Measure IdleMemory = new("daemon-pss-idle", "daemon idle after all that, PSS", "MB");
    internal static readonly Measure DaemonStart = new("daemon-start", "daemon start to its first answer", "ms");

    /// <summary>In the order of reports.</summary>
    internal static readonly IReadOnlyList<Measure> All =
    [
        PodStart, RunPod, Create, Start, Exec, Teardown, StopContainer, StopPod, RemovePod, Cycles, BusyStart,
        ListContainers, ListPods, MonitorMemory, OverheadMemory, FreshMemory, LoadedMemory, IdleMemory, DaemonStart,
    ];
}
