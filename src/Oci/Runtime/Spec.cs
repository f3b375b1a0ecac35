// SPDX-License-Identifier: Apache-2.0
using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>A container's configuration: <c>config.json</c> of the OCI runtime specification 1.0 to 1.3, for Linux.</summary>
/// <remarks>
/// Strings stay the specification's strings; whoever acts on one checks it. <see langword="null"/> means that the
/// document does not hold the property. Sections of other operating systems are ignored, as the specification demands
/// for every unknown property.
/// </remarks>
public sealed record Spec
{
    /// <summary>Semantic version of the specification that the document follows.</summary>
    public required string OciVersion { get; init; }

    public Process? Process { get; init; }

    public Root? Root { get; init; }

    public string? Hostname { get; init; }

    public string? Domainname { get; init; }

    /// <summary>Mounts beyond the root, in the order in which they are made.</summary>
    public IReadOnlyList<Mount>? Mounts { get; init; }

    public Hooks? Hooks { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    public Linux? Linux { get; init; }

    /// <summary>Virtual machine, for runtimes that start one.</summary>
    public Vm? Vm { get; init; }
}

public sealed record Root
{
    /// <summary>Absolute, or relative to the bundle.</summary>
    public required string Path { get; init; }

    public bool Readonly { get; init; }
}

public sealed record Mount
{
    /// <summary>Absolute path inside the container; relative ones are taken as below <c>/</c>.</summary>
    public required string Destination { get; init; }

    /// <summary>File system type; absent or <c>none</c> with <c>bind</c> or <c>rbind</c> among the options.</summary>
    public string? Type { get; init; }

    public string? Source { get; init; }

    public IReadOnlyList<string>? Options { get; init; }

    /// <summary>Makes an idmapped mount; only together with <see cref="GidMappings"/>.</summary>
    public IReadOnlyList<IdMapping>? UidMappings { get; init; }

    public IReadOnlyList<IdMapping>? GidMappings { get; init; }
}

/// <summary>Programs that run at points of the container's life, each list in its order.</summary>
public sealed record Hooks
{
    /// <summary>Deprecated by the specification, but still run: after the namespaces exist, before pivot_root.</summary>
    public IReadOnlyList<Hook>? Prestart { get; init; }

    public IReadOnlyList<Hook>? CreateRuntime { get; init; }

    public IReadOnlyList<Hook>? CreateContainer { get; init; }

    public IReadOnlyList<Hook>? StartContainer { get; init; }

    public IReadOnlyList<Hook>? Poststart { get; init; }

    public IReadOnlyList<Hook>? Poststop { get; init; }
}

public sealed record Hook
{
    /// <summary>Absolute path.</summary>
    public required string Path { get; init; }

    /// <summary>As execv(3): the first is the program's name.</summary>
    public IReadOnlyList<string>? Args { get; init; }

    public IReadOnlyList<string>? Env { get; init; }

    /// <value>Seconds, greater than zero.</value>
    public int? Timeout { get; init; }
}

/// <summary>State of a container as <c>state</c> prints it and hooks read it on stdin (runtime.md, "State").</summary>
public sealed record State
{
    public required string OciVersion { get; init; }

    public required string Id { get; init; }

    /// <value><c>creating</c>, <c>created</c>, <c>running</c> or <c>stopped</c>.</value>
    public required string Status { get; init; }

    /// <summary>Process id on the host; absent when stopped.</summary>
    public int? Pid { get; init; }

    /// <summary>Absolute path of the bundle's directory.</summary>
    public required string Bundle { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}

/// <summary>What a seccomp agent receives with the listener's descriptor (config-linux.md, "The Container Process State").</summary>
public sealed record ContainerProcessState
{
    public required string OciVersion { get; init; }

    /// <summary>Names of the descriptors sent with the message: <c>seccompFd</c>.</summary>
    public required IReadOnlyList<string> Fds { get; init; }

    public required int Pid { get; init; }

    public string? Metadata { get; init; }

    public required State State { get; init; }
}

public sealed record Vm
{
    public VmHypervisor? Hypervisor { get; init; }

    public required VmKernel Kernel { get; init; }

    public VmImage? Image { get; init; }

    [JsonPropertyName("hwconfig")]
    public VmHardware? HwConfig { get; init; }
}

public sealed record VmHypervisor
{
    public required string Path { get; init; }

    public IReadOnlyList<string>? Parameters { get; init; }
}

public sealed record VmKernel
{
    public required string Path { get; init; }

    public IReadOnlyList<string>? Parameters { get; init; }

    [JsonPropertyName("initrd")]
    public string? InitRd { get; init; }
}

public sealed record VmImage
{
    public required string Path { get; init; }

    /// <value><c>raw</c>, <c>qcow2</c>, <c>vdi</c>, <c>vmdk</c> or <c>vhd</c>.</value>
    public required string Format { get; init; }
}

public sealed record VmHardware
{
    [JsonPropertyName("deviceTree")]
    public string? DeviceTree { get; init; }

    [JsonPropertyName("vcpus")]
    public uint? Vcpus { get; init; }

    /// <value>Bytes.</value>
    public ulong? Memory { get; init; }

    [JsonPropertyName("dtdevs")]
    public IReadOnlyList<string>? DtDevs { get; init; }

    [JsonPropertyName("iomems")]
    public IReadOnlyList<VmIoMemory>? IoMems { get; init; }

    public IReadOnlyList<uint>? Irqs { get; init; }
}

public sealed record VmIoMemory
{
    [JsonPropertyName("firstGFN")]
    public ulong? FirstGfn { get; init; }

    [JsonPropertyName("firstMFN")]
    public ulong? FirstMfn { get; init; }

    [JsonPropertyName("nrMFNs")]
    public ulong? NrMfns { get; init; }
}
