// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop.Control;

namespace Gantry.Cgroups;

/// <summary>Reads the counters of a cgroup.</summary>
internal static class StatsReader
{
    private const ulong NanosecondsPerMicrosecond = 1000;

    internal static CgroupStats Read(Cgroup cgroup)
    {
        bool v2 = cgroup.Layout == CgroupLayout.Unified;
        ControlDirectory? memory = cgroup.DirectoryOf("memory");
        ulong? usage = Single(memory, v2 ? "memory.current" : "memory.usage_in_bytes");
        ulong? inactive = KeyedFile.Find(memory?.TryRead("memory.stat"), v2 ? "inactive_file" : "total_inactive_file");
        return new CgroupStats
        {
            MemoryUsageBytes = usage,
            MemoryWorkingSetBytes = usage - Math.Min(usage ?? 0, inactive ?? 0),
            CpuUsageNanoseconds = v2
                ? KeyedFile.Find(cgroup.Unified!.TryRead("cpu.stat"), "usage_usec") * NanosecondsPerMicrosecond
                : Single(cgroup.DirectoryOf("cpuacct"), "cpuacct.usage"),
            Pids = Single(cgroup.DirectoryOf("pids"), "pids.current"),
        };
    }

    private static ulong? Single(ControlDirectory? directory, string file) =>
        directory?.TryRead(file) is { } text ? KeyedFile.Number(text) : null;
}
