// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Containers;

namespace Gantry.Engine.Pods;

/// <summary>The identity of a pod attempt. All four together name one sandbox.</summary>
public sealed record PodMetadata(string Name, string Uid, string Namespace, uint Attempt);

/// <summary>What a client asked for when it ran the pod. Data only: nothing here was checked or resolved.</summary>
public sealed record PodConfig
{
    public required PodMetadata Metadata { get; init; }

    /// <summary>Empty: the node's name with host network, otherwise the pod's id shortened to what a host name may be.</summary>
    public string Hostname { get; init; } = "";

    /// <summary>Absolute directory of the containers' logs; empty when the client wants none.</summary>
    public string LogDirectory { get; init; } = "";

    /// <summary><see langword="null"/>: the node's own resolv.conf.</summary>
    public DnsConfig? Dns { get; init; }

    public IReadOnlyList<PortMapping> PortMappings { get; init; } = [];

    public IReadOnlyDictionary<string, string> Labels { get; init; } = Empty.Map;

    /// <summary>Returned unaltered; they steer nothing.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = Empty.Map;

    /// <summary>The cgroup below which the pod's lies, as the kubelet names it: a path, or a systemd slice. Empty: the engine's own.</summary>
    public string CgroupParent { get; init; } = "";

    /// <summary>Kernel parameters of the pod's namespaces, dotted names.</summary>
    public IReadOnlyDictionary<string, string> Sysctls { get; init; } = Empty.Map;

    public PodSecurity Security { get; init; } = new();

    /// <summary>Sum of the containers' resources as the kubelet computed it; informative.</summary>
    public ContainerResources? Resources { get; init; }

    /// <summary>Resources of the sandbox itself (pod overhead); informative.</summary>
    public ContainerResources? Overhead { get; init; }
}

public sealed record DnsConfig
{
    public IReadOnlyList<string> Servers { get; init; } = [];

    public IReadOnlyList<string> Searches { get; init; } = [];

    public IReadOnlyList<string> Options { get; init; } = [];
}

public enum PortProtocol
{
    Tcp,
    Udp,
    Sctp,
}

/// <param name="ContainerPort">1 to 65535.</param>
/// <param name="HostPort">1 to 65535; 0 maps nothing.</param>
/// <param name="HostIp">Address of the node; empty for all of them.</param>
public sealed record PortMapping(PortProtocol Protocol, int ContainerPort, int HostPort, string HostIp);

/// <summary>Security settings of the sandbox.</summary>
public sealed record PodSecurity
{
    public NamespaceOptions Namespaces { get; init; } = new();

    public bool Privileged { get; init; }

    public bool ReadonlyRootfs { get; init; }

    public long? RunAsUser { get; init; }

    public long? RunAsGroup { get; init; }

    public IReadOnlyList<long> SupplementalGroups { get; init; } = [];

    public SupplementalGroupsPolicy SupplementalGroupsPolicy { get; init; }

    public SecurityProfile? Seccomp { get; init; }

    public SecurityProfile? AppArmor { get; init; }

    public SelinuxOptions? Selinux { get; init; }
}

/// <summary>Numbers are the CRI's.</summary>
public enum NamespaceMode
{
    Pod = 0,
    Container = 1,
    Node = 2,
    Target = 3,
}

public sealed record NamespaceOptions
{
    public NamespaceMode Network { get; init; }

    /// <summary>The CRI's default is <see cref="NamespaceMode.Pod"/>; kubelets send <see cref="NamespaceMode.Container"/> unless the pod shares its processes.</summary>
    public NamespaceMode Pid { get; init; }

    public NamespaceMode Ipc { get; init; }

    /// <summary>Container whose PID namespace is joined with <see cref="NamespaceMode.Target"/>.</summary>
    public string TargetId { get; init; } = "";

    public UserNamespace? User { get; init; }
}

/// <param name="Mode"><see cref="NamespaceMode.Pod"/>: a new user namespace; <see cref="NamespaceMode.Node"/>: the host's.</param>
public sealed record UserNamespace(NamespaceMode Mode, IReadOnlyList<IdMapping> Uids, IReadOnlyList<IdMapping> Gids);

public sealed record IdMapping(uint HostId, uint ContainerId, uint Length);
