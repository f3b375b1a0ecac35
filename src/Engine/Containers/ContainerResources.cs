// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Engine.Containers;

/// <summary>Limits as the CRI gives them. 0 or empty means: not set.</summary>
public sealed record ContainerResources
{
    /// <value>Microseconds.</value>
    public long CpuPeriod { get; init; }

    /// <value>Microseconds in each period; -1: no limit.</value>
    public long CpuQuota { get; init; }

    /// <value>2 to 262144.</value>
    public long CpuShares { get; init; }

    /// <value>Bytes.</value>
    public long MemoryLimit { get; init; }

    /// <value>Bytes of memory and swap together.</value>
    public long MemorySwapLimit { get; init; }

    /// <value>-1000 to 1000; <see langword="null"/>: inherited.</value>
    public long? OomScoreAdj { get; init; }

    /// <value>A list such as <c>0-3,7</c>.</value>
    public string CpusetCpus { get; init; } = "";

    public string CpusetMems { get; init; } = "";

    public IReadOnlyList<HugepageLimit> HugepageLimits { get; init; } = [];

    /// <summary>cgroup v2 files and what to write to them.</summary>
    public IReadOnlyDictionary<string, string> Unified { get; init; } = Empty.Map;

    /// <summary>These limits after an update: what is zero or empty in <paramref name="update"/> stays.</summary>
    internal ContainerResources With(ContainerResources update) => new()
    {
        CpuPeriod = update.CpuPeriod != 0 ? update.CpuPeriod : CpuPeriod,
        CpuQuota = update.CpuQuota != 0 ? update.CpuQuota : CpuQuota,
        CpuShares = update.CpuShares != 0 ? update.CpuShares : CpuShares,
        MemoryLimit = update.MemoryLimit != 0 ? update.MemoryLimit : MemoryLimit,
        MemorySwapLimit = update.MemorySwapLimit != 0 ? update.MemorySwapLimit : MemorySwapLimit,
        OomScoreAdj = update.OomScoreAdj ?? OomScoreAdj,
        CpusetCpus = update.CpusetCpus.Length > 0 ? update.CpusetCpus : CpusetCpus,
        CpusetMems = update.CpusetMems.Length > 0 ? update.CpusetMems : CpusetMems,
        HugepageLimits = update.HugepageLimits.Count > 0 ? update.HugepageLimits : HugepageLimits,
        Unified = update.Unified.Count > 0 ? update.Unified : Unified,
    };
}

/// <param name="PageSize">Such as <c>2MB</c>.</param>
/// <param name="Limit">Bytes.</param>
public sealed record HugepageLimit(string PageSize, ulong Limit);
