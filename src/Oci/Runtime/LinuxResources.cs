// SPDX-License-Identifier: Apache-2.0
using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>Limits of a cgroup (config-linux.md, "Control groups"). An absent value changes nothing.</summary>
public sealed record LinuxResources
{
    /// <summary>Device rules in their order; a later one outweighs an earlier one.</summary>
    public IReadOnlyList<LinuxDeviceRule>? Devices { get; init; }

    public LinuxMemory? Memory { get; init; }

    public LinuxCpu? Cpu { get; init; }

    public LinuxPids? Pids { get; init; }

    [JsonPropertyName("blockIO")]
    public LinuxBlockIo? BlockIo { get; init; }

    public IReadOnlyList<LinuxHugepageLimit>? HugepageLimits { get; init; }

    public LinuxNetwork? Network { get; init; }

    /// <summary>By device name.</summary>
    public IReadOnlyDictionary<string, LinuxRdma>? Rdma { get; init; }

    /// <summary>Files of cgroup v2 and what to write there, verbatim.</summary>
    public IReadOnlyDictionary<string, string>? Unified { get; init; }
}

public sealed record LinuxDeviceRule
{
    public required bool Allow { get; init; }

    /// <value><c>a</c> (or absent), <c>c</c> or <c>b</c>.</value>
    public string? Type { get; init; }

    /// <value>Absent or -1: all.</value>
    public long? Major { get; init; }

    public long? Minor { get; init; }

    /// <summary>Letters of <c>rwm</c>; absent: all.</summary>
    public string? Access { get; init; }
}

/// <remarks>-1 removes a limit.</remarks>
public sealed record LinuxMemory
{
    /// <value>Bytes.</value>
    public long? Limit { get; init; }

    /// <value>Bytes; soft limit.</value>
    public long? Reservation { get; init; }

    /// <value>Bytes; memory and swap together.</value>
    public long? Swap { get; init; }

    /// <summary>No effect: the kernel has dropped the limit.</summary>
    public long? Kernel { get; init; }

    [JsonPropertyName("kernelTCP")]
    public long? KernelTcp { get; init; }

    /// <value>0 to 100; cgroup v1 only.</value>
    public ulong? Swappiness { get; init; }

    [JsonPropertyName("disableOOMKiller")]
    public bool? DisableOomKiller { get; init; }

    public bool? UseHierarchy { get; init; }

    /// <summary>Refuse a limit below the present usage.</summary>
    public bool? CheckBeforeUpdate { get; init; }
}

public sealed record LinuxCpu
{
    /// <value>2 to 262 144.</value>
    public ulong? Shares { get; init; }

    /// <value>Microseconds per period; -1: unlimited.</value>
    public long? Quota { get; init; }

    /// <value>Microseconds.</value>
    public ulong? Burst { get; init; }

    /// <value>Microseconds, 1 000 to 1 000 000.</value>
    public ulong? Period { get; init; }

    public long? RealtimeRuntime { get; init; }

    public ulong? RealtimePeriod { get; init; }

    /// <summary>CPUs, as a list: <c>0-3,7</c>.</summary>
    public string? Cpus { get; init; }

    /// <summary>Memory nodes.</summary>
    public string? Mems { get; init; }

    /// <value>0 or 1: SCHED_IDLE for the group.</value>
    public long? Idle { get; init; }
}

public sealed record LinuxPids
{
    /// <value>Processes; -1 (until 1.2 also 0): unlimited.</value>
    public long? Limit { get; init; }
}

public sealed record LinuxBlockIo
{
    /// <value>10 to 1 000.</value>
    public ushort? Weight { get; init; }

    public ushort? LeafWeight { get; init; }

    public IReadOnlyList<LinuxWeightDevice>? WeightDevice { get; init; }

    public IReadOnlyList<LinuxThrottleDevice>? ThrottleReadBpsDevice { get; init; }

    public IReadOnlyList<LinuxThrottleDevice>? ThrottleWriteBpsDevice { get; init; }

    [JsonPropertyName("throttleReadIOPSDevice")]
    public IReadOnlyList<LinuxThrottleDevice>? ThrottleReadIopsDevice { get; init; }

    [JsonPropertyName("throttleWriteIOPSDevice")]
    public IReadOnlyList<LinuxThrottleDevice>? ThrottleWriteIopsDevice { get; init; }
}

public sealed record LinuxWeightDevice
{
    public required long Major { get; init; }

    public required long Minor { get; init; }

    public ushort? Weight { get; init; }

    public ushort? LeafWeight { get; init; }
}

public sealed record LinuxThrottleDevice
{
    public required long Major { get; init; }

    public required long Minor { get; init; }

    /// <value>Bytes or operations per second; 0: unlimited.</value>
    public required ulong Rate { get; init; }
}

public sealed record LinuxHugepageLimit
{
    /// <value><c>2MB</c>, <c>1GB</c>: number and KB, MB or GB.</value>
    public required string PageSize { get; init; }

    /// <value>Bytes.</value>
    public required ulong Limit { get; init; }
}

public sealed record LinuxNetwork
{
    [JsonPropertyName("classID")]
    public uint? ClassId { get; init; }

    public IReadOnlyList<LinuxInterfacePriority>? Priorities { get; init; }
}

public sealed record LinuxInterfacePriority(string Name, uint Priority);

public sealed record LinuxRdma
{
    public uint? HcaHandles { get; init; }

    public uint? HcaObjects { get; init; }
}
