// SPDX-License-Identifier: Apache-2.0
using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>The program of a container or of an exec (config.md, "Process").</summary>
public sealed record Process
{
    public bool Terminal { get; init; }

    public ConsoleSize? ConsoleSize { get; init; }

    /// <remarks>Generated JSON code assigns null to what the document leaves out; that is root, as the specification has it.</remarks>
    public User User { get; init => field = value ?? new User(); } = new();

    /// <summary>Program and arguments; demanded when the container starts.</summary>
    public IReadOnlyList<string>? Args { get; init; }

    /// <summary><c>NAME=value</c> each.</summary>
    public IReadOnlyList<string>? Env { get; init; }

    /// <summary>Absolute path inside the container.</summary>
    public required string Cwd { get; init; }

    public LinuxCapabilities? Capabilities { get; init; }

    public IReadOnlyList<Rlimit>? Rlimits { get; init; }

    public bool NoNewPrivileges { get; init; }

    public string? ApparmorProfile { get; init; }

    /// <value>-1000 to 1000; absent: unchanged.</value>
    public int? OomScoreAdj { get; init; }

    public Scheduler? Scheduler { get; init; }

    public string? SelinuxLabel { get; init; }

    [JsonPropertyName("ioPriority")]
    public IoPriority? IoPriority { get; init; }

    [JsonPropertyName("execCPUAffinity")]
    public CpuAffinity? ExecCpuAffinity { get; init; }
}

/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
public sealed record ConsoleSize(uint Height, uint Width);

public sealed record User
{
    public uint Uid { get; init; }

    public uint Gid { get; init; }

    /// <summary>Absent: unchanged.</summary>
    public uint? Umask { get; init; }

    public IReadOnlyList<uint>? AdditionalGids { get; init; }

    public string? Username { get; init; }
}

/// <summary>Capability sets; names as in capabilities(7), <c>CAP_</c> included.</summary>
public sealed record LinuxCapabilities
{
    public IReadOnlyList<string>? Bounding { get; init; }

    public IReadOnlyList<string>? Effective { get; init; }

    public IReadOnlyList<string>? Inheritable { get; init; }

    public IReadOnlyList<string>? Permitted { get; init; }

    public IReadOnlyList<string>? Ambient { get; init; }
}

public sealed record Rlimit
{
    /// <summary>Name as in getrlimit(2): <c>RLIMIT_NOFILE</c>.</summary>
    public required string Type { get; init; }

    /// <value><see cref="ulong.MaxValue"/>: unlimited.</value>
    public required ulong Hard { get; init; }

    public required ulong Soft { get; init; }
}

/// <summary>sched_setattr(2).</summary>
public sealed record Scheduler
{
    /// <value><c>SCHED_OTHER</c>, <c>SCHED_FIFO</c>, <c>SCHED_RR</c>, <c>SCHED_BATCH</c>, <c>SCHED_ISO</c>, <c>SCHED_IDLE</c>, <c>SCHED_DEADLINE</c>.</value>
    public required string Policy { get; init; }

    public int Nice { get; init; }

    public int Priority { get; init; }

    /// <value><c>SCHED_FLAG_RESET_ON_FORK</c> and so on.</value>
    public IReadOnlyList<string>? Flags { get; init; }

    /// <value>Nanoseconds.</value>
    public ulong Runtime { get; init; }

    /// <value>Nanoseconds.</value>
    public ulong Deadline { get; init; }

    /// <value>Nanoseconds.</value>
    public ulong Period { get; init; }
}

/// <param name="Class"><c>IOPRIO_CLASS_RT</c>, <c>IOPRIO_CLASS_BE</c> or <c>IOPRIO_CLASS_IDLE</c>.</param>
/// <param name="Priority">0 (highest) to 7.</param>
public sealed record IoPriority(string Class, int Priority);

/// <summary>CPUs of an exec's process, lists as in <c>cpuset.cpus</c>.</summary>
public sealed record CpuAffinity
{
    /// <summary>While it enters the cgroup.</summary>
    public string? Initial { get; init; }

    /// <summary>Once it is there.</summary>
    public string? Final { get; init; }
}
