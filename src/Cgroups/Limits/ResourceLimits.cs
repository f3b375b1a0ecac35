// SPDX-License-Identifier: Apache-2.0
using Gantry.Oci.Runtime;

namespace Gantry.Cgroups.Limits;

/// <summary>Sets <c>linux.resources</c> of the runtime specification on a cgroup.</summary>
internal static class ResourceLimits
{
    internal static void Apply(Cgroup cgroup, LinuxResources resources)
    {
        Check(resources);
        if (resources.Devices is { Count: > 0 } devices)
        {
            DeviceLimits.Apply(cgroup, devices);
        }

        // cpuset before cpu and memory: it decides where both are taken from.
        if (resources.Cpu is { } cpu)
        {
            CpusetLimits.Apply(cgroup, cpu);
            CpuLimits.Apply(cgroup, cpu);
        }

        if (resources.Memory is { } memory)
        {
            MemoryLimits.Apply(cgroup, memory);
        }

        if (resources.Pids?.Limit is long pids)
        {
            // 0 would be legal, but systemd's TasksMax cannot say it; 1 has the same effect with one process inside.
            new LimitTarget(cgroup, "pids", "linux.resources.pids.limit")
                .Write("pids.max", pids < 0 ? "max" : Text.Of(Math.Max(pids, 1)));
        }

        if (resources.BlockIo is { } io)
        {
            BlockIoLimits.Apply(cgroup, io);
        }

        OtherLimits.Apply(cgroup, resources);
    }

    /// <summary>Everything that can be told without the kernel, before the first file is written.</summary>
    private static void Check(LinuxResources resources)
    {
        DeviceLimits.Check(resources.Devices ?? []);
        if (resources.Cpu is { } cpu)
        {
            CpuLimits.Check(cpu);
            CpusetLimits.Check(cpu);
        }

        if (resources.Memory is { } memory)
        {
            MemoryLimits.Check(memory);
        }

        Require.That(resources.Pids?.Limit is null or >= -1, "linux.resources.pids.limit", resources.Pids?.Limit, "-1 (unlimited) or greater");
        if (resources.BlockIo is { } io)
        {
            BlockIoLimits.Check(io);
        }

        OtherLimits.Check(resources);
    }
}
