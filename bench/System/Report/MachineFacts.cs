// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Runtime.InteropServices;

namespace Gantry.Bench.System.Report;

/// <param name="Load">Average number of runnable tasks over the last minute.</param>
internal sealed record MachineFacts(string Kernel, string Architecture, int Processors, double Load)
{
    internal static MachineFacts Read() => new(
        File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
        RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant(),
        Environment.ProcessorCount,
        double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture));
}
