// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Containers;
using Wire = Gantry.Cri.V1;

namespace Gantry.Cri.Mapping;

/// <summary>Limits of a container or pod.</summary>
internal static class ResourcesMap
{
    private const long MinOomScore = -1000;
    private const long MaxOomScore = 1000;

    /// <param name="field">Where the message stands in the request, for errors.</param>
    internal static ContainerResources FromWire(string field, Wire.LinuxContainerResources? wire)
    {
        if (wire is null)
        {
            return new ContainerResources();
        }

        Check(field, wire);
        return new ContainerResources
        {
            CpuPeriod = wire.CpuPeriod,
            CpuQuota = wire.CpuQuota,
            CpuShares = wire.CpuShares,
            MemoryLimit = wire.MemoryLimitInBytes,
            MemorySwapLimit = wire.MemorySwapLimitInBytes,
            OomScoreAdj = wire.OomScoreAdj,
            CpusetCpus = wire.CpusetCpus,
            CpusetMems = wire.CpusetMems,
            HugepageLimits = [.. wire.HugepageLimits.Select(limit => new HugepageLimit(limit.PageSize, limit.Limit))],
            Unified = new Dictionary<string, string>(wire.Unified),
        };
    }

    internal static Wire.LinuxContainerResources ToWire(ContainerResources resources)
    {
        var wire = new Wire.LinuxContainerResources
        {
            CpuPeriod = resources.CpuPeriod,
            CpuQuota = resources.CpuQuota,
            CpuShares = resources.CpuShares,
            MemoryLimitInBytes = resources.MemoryLimit,
            MemorySwapLimitInBytes = resources.MemorySwapLimit,
            OomScoreAdj = resources.OomScoreAdj ?? 0,
            CpusetCpus = resources.CpusetCpus,
            CpusetMems = resources.CpusetMems,
        };
        wire.HugepageLimits.AddRange(resources.HugepageLimits.Select(
            limit => new Wire.HugepageLimit { PageSize = limit.PageSize, Limit = limit.Limit }));
        wire.Unified.Fill(resources.Unified);
        return wire;
    }

    private static void Check(string field, Wire.LinuxContainerResources wire)
    {
        NotBelow($"{field}.cpu_period", wire.CpuPeriod, 0);
        NotBelow($"{field}.cpu_quota", wire.CpuQuota, -1);
        NotBelow($"{field}.cpu_shares", wire.CpuShares, 0);
        NotBelow($"{field}.memory_limit_in_bytes", wire.MemoryLimitInBytes, -1);
        NotBelow($"{field}.memory_swap_limit_in_bytes", wire.MemorySwapLimitInBytes, -1);
        if (wire.OomScoreAdj is < MinOomScore or > MaxOomScore)
        {
            throw Require.Invalid($"{field}.oom_score_adj", $"{wire.OomScoreAdj}", "-1000 to 1000");
        }
    }

    private static void NotBelow(string field, long value, long minimum)
    {
        if (value < minimum)
        {
            throw Require.Invalid(field, $"{value}", $"{minimum} or more");
        }
    }
}
