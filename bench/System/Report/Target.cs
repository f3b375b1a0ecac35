// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Gantry.Bench.System.Measuring;

namespace Gantry.Bench.System.Report;

/// <summary>A number that SPECIFICATION.md promises.</summary>
/// <param name="Peer">Compared with this runtime's median; <see langword="null"/>: an absolute number in the measure's unit.</param>
internal sealed record Target(Measure Measure, string? Peer, double Limit, string Says)
{
    internal static readonly IReadOnlyList<Target> All =
    [
        new(Measure.PodStart, "runc", 1.0 / 10, "pod start at most 1/10 of containerd with runc"),
        new(Measure.PodStart, "crun", 1.0 / 6, "pod start at most 1/6 of containerd with crun"),
        new(Measure.Exec, "crun", 1.0 / 2, "ExecSync at most 1/2 of containerd with crun"),
        new(Measure.MonitorMemory, null, 2.5, "monitor at most 2.5 MB PSS"),
        new(Measure.FreshMemory, null, 30, "gantryd before any pod at most 30 MB PSS"),
        new(Measure.IdleMemory, null, 30, "gantryd idle at most 30 MB PSS"),
        new(Measure.ListContainers, null, 1, "ListContainers under 1 ms"),
        new(Measure.DaemonStart, null, 100, "gantryd answers within 100 ms"),
    ];

    /// <returns><see langword="null"/>: not measured in this run.</returns>
    internal double? Value(Figures figures) => Peer is null
        ? figures.Of(Measure, RuntimeAddress.Gantry)?.Median
        : figures.Ratio(Measure, RuntimeAddress.Gantry, Peer);

    internal string Show(double value) => Peer is null
        ? string.Create(CultureInfo.InvariantCulture, $"{value:0.00} {Measure.Unit}")
        : string.Create(CultureInfo.InvariantCulture, $"{value:0.000} (1/{1 / value:0.0})");
}
