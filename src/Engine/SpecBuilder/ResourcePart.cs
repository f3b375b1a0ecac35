// SPDX-License-Identifier: Apache-2.0
using System.Buffers;
using Gantry.Engine.Containers;
using Gantry.Oci.Runtime;

namespace Gantry.Engine.SpecBuilder;

/// <summary>Limits of a container's cgroup.</summary>
internal static class ResourcePart
{
    private static readonly SearchValues<char> s_listCharacters = SearchValues.Create("0123456789,-");

    internal static LinuxResources Build(SpecRequest request) =>
        Limits(request.Container.Resources, request.Node.Swap) with { Devices = DevicePart.Rules(request) };

    /// <summary>The limits alone, as an update sends them.</summary>
    internal static LinuxResources Limits(ContainerResources resources, bool swap) => new()
    {
        Cpu = Cpu(resources),
        Memory = Memory(resources, swap),
        HugepageLimits = Hugepages(resources),
        Unified = resources.Unified.Count == 0 ? null : Unified(resources.Unified),
    };

    private static LinuxCpu? Cpu(ContainerResources resources)
    {
        var cpu = new LinuxCpu
        {
            Period = resources.CpuPeriod == 0 ? null : (ulong)Positive("cpu_period", resources.CpuPeriod),
            Quota = resources.CpuQuota == 0 ? null : resources.CpuQuota,
            Shares = resources.CpuShares == 0 ? null : (ulong)Positive("cpu_shares", resources.CpuShares),
            Cpus = List("cpuset_cpus", resources.CpusetCpus),
            Mems = List("cpuset_mems", resources.CpusetMems),
        };
        return cpu == new LinuxCpu() ? null : cpu;
    }

    private static LinuxMemory? Memory(ContainerResources resources, bool swap)
    {
        if (resources.MemoryLimit == 0 && resources.MemorySwapLimit == 0)
        {
            return null;
        }

        long limit = resources.MemoryLimit == 0 ? 0 : Positive("memory_limit_in_bytes", resources.MemoryLimit);
        return new LinuxMemory
        {
            Limit = limit == 0 ? null : limit,
            // Without a swap limit the container may not swap: the memory limit is what was asked for.
            Swap = resources.MemorySwapLimit != 0 ? resources.MemorySwapLimit : swap && limit > 0 ? limit : null,
        };
    }

    private static IReadOnlyList<LinuxHugepageLimit>? Hugepages(ContainerResources resources) =>
        resources.HugepageLimits.Count == 0
            ? null
            : [.. resources.HugepageLimits.Select(static h => new LinuxHugepageLimit { PageSize = h.PageSize, Limit = h.Limit })];

    private static IReadOnlyDictionary<string, string> Unified(IReadOnlyDictionary<string, string> files)
    {
        foreach (string name in files.Keys)
        {
            if (name.Length == 0 || name.AsSpan().ContainsAny('/', '\0') || name.StartsWith('.'))
            {
                throw Refuse.Value("linux.resources.unified", name, "the name of a cgroup v2 file");
            }
        }

        return files;
    }

    private static string? List(string field, string list)
    {
        if (list.Length == 0)
        {
            return null;
        }

        return list.AsSpan().ContainsAnyExcept(s_listCharacters)
            ? throw Refuse.Value($"linux.resources.{field}", list, "a list such as 0-3,7")
            : list;
    }

    private static long Positive(string field, long value) =>
        value > 0 ? value : throw Refuse.Value($"linux.resources.{field}", $"{value}", "greater than zero");
}
