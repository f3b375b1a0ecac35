// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Bench.System;

/// <summary>A runtime to measure.</summary>
/// <param name="Name">How reports call it. <c>gantry</c> is what the others are compared with.</param>
/// <param name="Socket">Its CRI socket.</param>
/// <param name="Image">An image with /bin/sleep and /bin/true that it can pull.</param>
internal sealed record RuntimeAddress(string Name, string Socket, string Image)
{
    internal const string Gantry = "gantry";
}

internal sealed record BenchOptions
{
    public required IReadOnlyList<RuntimeAddress> Runtimes { get; init; }

    /// <summary>Measured pods for each runtime, one at a time.</summary>
    public required int Iterations { get; init; }

    /// <summary>Pods before those, not counted.</summary>
    public required int WarmUps { get; init; }

    /// <summary>Pods in one burst with <see cref="Concurrency"/> at once; there are <see cref="Bursts"/> for each runtime.</summary>
    public required int BurstPods { get; init; }

    public required int Bursts { get; init; }

    public required int Concurrency { get; init; }

    /// <summary>Pods that run while lists and memory are measured; 0: not measured.</summary>
    public required int Density { get; init; }

    /// <summary>Directory for logs and mounted files, the same path for this program and for every runtime.</summary>
    public required string Files { get; init; }

    /// <summary>Cgroup of all pods; empty: each runtime's own.</summary>
    public required string CgroupParent { get; init; }

    /// <summary>A gantryd to start and stop several times; <see langword="null"/>: not measured.</summary>
    public DaemonProgram? Daemon { get; init; }

    /// <summary>Where the figures are written as JSON.</summary>
    public required string Results { get; init; }

    public required bool Json { get; init; }
}

internal sealed record DaemonProgram(string Program, string Config, string Socket);
