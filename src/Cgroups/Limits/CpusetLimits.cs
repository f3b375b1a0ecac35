// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Gantry.Oci.Runtime;

namespace Gantry.Cgroups.Limits;

/// <summary><c>linux.resources.cpu.cpus</c> and <c>.mems</c>.</summary>
internal static class CpusetLimits
{
    private const int MaxIndex = 8191; // CONFIG_NR_CPUS at its largest
    private const int MaxLength = 16 << 10;
    private const string Accepted = "a list of numbers and ranges, 0 to 8191, ascending within a range: 0-3,7";

    internal static void Check(LinuxCpu cpu)
    {
        CheckList("linux.resources.cpu.cpus", cpu.Cpus);
        CheckList("linux.resources.cpu.mems", cpu.Mems);
    }

    internal static void Apply(Cgroup cgroup, LinuxCpu cpu)
    {
        if (!string.IsNullOrEmpty(cpu.Cpus))
        {
            new LimitTarget(cgroup, "cpuset", "linux.resources.cpu.cpus").Write("cpuset.cpus", cpu.Cpus);
        }

        if (!string.IsNullOrEmpty(cpu.Mems))
        {
            new LimitTarget(cgroup, "cpuset", "linux.resources.cpu.mems").Write("cpuset.mems", cpu.Mems);
        }
    }

    /// <summary>Is this a list as in "List Format" of cpuset(7), without strides?</summary>
    internal static bool IsList(string text) =>
        text.Length <= MaxLength && text.Split(',').All(IsRange);

    private static void CheckList(string field, string? list) =>
        Require.That(string.IsNullOrEmpty(list) || IsList(list), field, list ?? "", Accepted);

    private static bool IsRange(string range)
    {
        string[] ends = range.Split('-');
        return ends.Length switch
        {
            1 => TryIndex(ends[0], out _),
            2 => TryIndex(ends[0], out int first) && TryIndex(ends[1], out int last) && first <= last,
            _ => false,
        };
    }

    private static bool TryIndex(string text, out int index) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out index) && index <= MaxIndex;
}
