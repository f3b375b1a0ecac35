// SPDX-License-Identifier: Apache-2.0
using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>What only Linux has (config-linux.md).</summary>
public sealed record Linux
{
    public IReadOnlyList<IdMapping>? UidMappings { get; init; }

    public IReadOnlyList<IdMapping>? GidMappings { get; init; }

    /// <summary>Kernel parameters, dotted names.</summary>
    public IReadOnlyDictionary<string, string>? Sysctl { get; init; }

    public LinuxResources? Resources { get; init; }

    /// <summary>Path below each hierarchy, or <c>slice:prefix:name</c> with the systemd driver.</summary>
    public string? CgroupsPath { get; init; }

    public IReadOnlyList<LinuxNamespace>? Namespaces { get; init; }

    /// <summary>Device nodes to make, beyond those that the specification demands.</summary>
    public IReadOnlyList<LinuxDevice>? Devices { get; init; }

    /// <summary>Host network interfaces to move into the container, by their name on the host.</summary>
    public IReadOnlyDictionary<string, LinuxNetDevice>? NetDevices { get; init; }

    public LinuxSeccomp? Seccomp { get; init; }

    /// <value><c>shared</c>, <c>slave</c>, <c>private</c> or <c>unbindable</c>.</value>
    public string? RootfsPropagation { get; init; }

    /// <summary>Absolute paths that the container must not be able to read.</summary>
    public IReadOnlyList<string>? MaskedPaths { get; init; }

    public IReadOnlyList<string>? ReadonlyPaths { get; init; }

    public string? MountLabel { get; init; }

    public LinuxIntelRdt? IntelRdt { get; init; }

    public LinuxMemoryPolicy? MemoryPolicy { get; init; }

    public LinuxPersonality? Personality { get; init; }

    /// <summary>Offsets of a new time namespace; keys <c>boottime</c> and <c>monotonic</c>.</summary>
    public IReadOnlyDictionary<string, LinuxTimeOffset>? TimeOffsets { get; init; }
}

/// <summary>A range of ids.</summary>
public sealed record IdMapping
{
    /// <summary>First id inside.</summary>
    [JsonPropertyName("containerID")]
    public required uint ContainerId { get; init; }

    /// <summary>First id outside.</summary>
    [JsonPropertyName("hostID")]
    public required uint HostId { get; init; }

    public required uint Size { get; init; }
}

public sealed record LinuxNamespace
{
    /// <value><c>pid</c>, <c>network</c>, <c>mount</c>, <c>ipc</c>, <c>uts</c>, <c>user</c>, <c>cgroup</c> or <c>time</c>.</value>
    public required string Type { get; init; }

    /// <summary>A namespace to join; absent or empty: a new one.</summary>
    public string? Path { get; init; }
}

public sealed record LinuxDevice
{
    public required string Path { get; init; }

    /// <value><c>c</c>, <c>b</c>, <c>u</c> or <c>p</c>.</value>
    public required string Type { get; init; }

    public long Major { get; init; }

    public long Minor { get; init; }

    public uint? FileMode { get; init; }

    public uint? Uid { get; init; }

    public uint? Gid { get; init; }
}

public sealed record LinuxNetDevice
{
    /// <summary>New name inside the container; absent: unchanged.</summary>
    public string? Name { get; init; }
}

public sealed record LinuxIntelRdt
{
    [JsonPropertyName("closID")]
    public string? ClosId { get; init; }

    public IReadOnlyList<string>? Schemata { get; init; }

    public string? L3CacheSchema { get; init; }

    public string? MemBwSchema { get; init; }

    public bool EnableMonitoring { get; init; }
}

/// <summary>set_mempolicy(2).</summary>
public sealed record LinuxMemoryPolicy
{
    /// <value><c>MPOL_DEFAULT</c>, <c>MPOL_BIND</c>, <c>MPOL_INTERLEAVE</c>, <c>MPOL_WEIGHTED_INTERLEAVE</c>, <c>MPOL_PREFERRED</c>, <c>MPOL_PREFERRED_MANY</c>, <c>MPOL_LOCAL</c>.</value>
    public required string Mode { get; init; }

    /// <summary>A list such as <c>0-3,7</c>.</summary>
    public string? Nodes { get; init; }

    public IReadOnlyList<string>? Flags { get; init; }
}

public sealed record LinuxPersonality
{
    /// <value><c>LINUX</c> or <c>LINUX32</c>.</value>
    public required string Domain { get; init; }

    public IReadOnlyList<string>? Flags { get; init; }
}

public sealed record LinuxTimeOffset
{
    /// <value>Seconds.</value>
    public long Secs { get; init; }

    /// <value>Nanoseconds, 0 to 999 999 999.</value>
    [JsonPropertyName("nanosecs")]
    public uint NanoSecs { get; init; }
}

/// <summary>A filter of system calls (config-linux.md, "Seccomp"). Names and constants are libseccomp's.</summary>
public sealed record LinuxSeccomp
{
    /// <value><c>SCMP_ACT_ALLOW</c>, <c>SCMP_ACT_ERRNO</c>, <c>SCMP_ACT_KILL_PROCESS</c> and so on.</value>
    public required string DefaultAction { get; init; }

    /// <value>Error number for <c>SCMP_ACT_ERRNO</c>, message for <c>SCMP_ACT_TRACE</c>; absent: EPERM.</value>
    public uint? DefaultErrnoRet { get; init; }

    /// <value><c>SCMP_ARCH_X86_64</c> and so on; absent: only the native one.</value>
    public IReadOnlyList<string>? Architectures { get; init; }

    /// <value><c>SECCOMP_FILTER_FLAG_LOG</c>, <c>…_SPEC_ALLOW</c>, <c>…_WAIT_KILLABLE_RECV</c>, <c>…_TSYNC</c>.</value>
    public IReadOnlyList<string>? Flags { get; init; }

    /// <summary>Unix socket of the agent for <c>SCMP_ACT_NOTIFY</c>.</summary>
    public string? ListenerPath { get; init; }

    public string? ListenerMetadata { get; init; }

    public IReadOnlyList<LinuxSyscall>? Syscalls { get; init; }
}

/// <summary>One rule: all <see cref="Args"/> must hold.</summary>
public sealed record LinuxSyscall
{
    /// <summary>One or more; a name that the architecture does not know is ignored.</summary>
    public required IReadOnlyList<string> Names { get; init; }

    public required string Action { get; init; }

    public uint? ErrnoRet { get; init; }

    public IReadOnlyList<LinuxSeccompArg>? Args { get; init; }
}

public sealed record LinuxSeccompArg
{
    /// <value>0 to 5.</value>
    public required uint Index { get; init; }

    /// <summary>The value; the mask with <c>SCMP_CMP_MASKED_EQ</c>.</summary>
    public required ulong Value { get; init; }

    /// <summary>The value with <c>SCMP_CMP_MASKED_EQ</c>.</summary>
    public ulong ValueTwo { get; init; }

    /// <value><c>SCMP_CMP_NE</c>, <c>LT</c>, <c>LE</c>, <c>EQ</c>, <c>GE</c>, <c>GT</c> or <c>MASKED_EQ</c>.</value>
    public required string Op { get; init; }
}
