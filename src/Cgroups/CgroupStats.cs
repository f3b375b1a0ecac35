// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Cgroups;

/// <summary>Counters of a cgroup at one moment, its descendants included. Absent: the node does not count it.</summary>
public sealed record CgroupStats
{
    /// <value>Bytes charged, page cache included.</value>
    public ulong? MemoryUsageBytes { get; init; }

    /// <value>Bytes charged without the file pages that the kernel would drop first.</value>
    public ulong? MemoryWorkingSetBytes { get; init; }

    /// <value>Nanoseconds of CPU time since the cgroup was made.</value>
    public ulong? CpuUsageNanoseconds { get; init; }

    /// <value>Processes and threads.</value>
    public ulong? Pids { get; init; }
}
