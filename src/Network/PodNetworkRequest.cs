// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Network;

/// <summary>What a pod wants from the network.</summary>
public sealed record PodNetworkRequest
{
    /// <summary>The runtime's id of the sandbox: 1 to 64 characters of a-z, 0-9, '-', '_', '.'; the first one alphanumeric.</summary>
    public required string PodId { get; init; }

    /// <summary>Kubernetes namespace of the pod; empty when there is none.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>Kubernetes name of the pod; used in messages.</summary>
    public string Name { get; init; } = "";

    /// <summary>Kubernetes uid of the pod.</summary>
    public string Uid { get; init; } = "";

    public IReadOnlyList<PortMapping> Ports { get; init; } = [];

    /// <summary>Limits; <see cref="PodBandwidth.FromAnnotations"/> reads them from the pod's annotations.</summary>
    public PodBandwidth? Bandwidth { get; init; }

    /// <summary>DNS of the pod, handed to plugins that declare the capability.</summary>
    public PodDns Dns { get; init; } = new();

    /// <summary>Cgroup parent as in the CRI request; handed to plugins that declare <c>cgroupPath</c>.</summary>
    public string CgroupParent { get; init; } = "";

    /// <summary>Runtime handler of the pod; empty is the default.</summary>
    public string RuntimeHandler { get; init; } = "";

    /// <summary>Annotations of the pod; handed to plugins that declare <c>io.kubernetes.cri.pod-annotations</c>.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();
}

/// <summary>Transport protocol of a host port; the values are those of IPPROTO.</summary>
public enum PortProtocol
{
    Tcp = 6,
    Udp = 17,
    Sctp = 132,
}

/// <summary>A port of the host that leads to a port of the pod.</summary>
public sealed record PortMapping
{
    public PortProtocol Protocol { get; init; } = PortProtocol.Tcp;

    /// <value>1 to 65535.</value>
    public required int ContainerPort { get; init; }

    /// <value>1 to 65535; 0: this entry only documents a port and is ignored.</value>
    public required int HostPort { get; init; }

    /// <summary>Address of the host to serve; empty, <c>0.0.0.0</c> or <c>::</c>: all (of both families, of IPv4, of IPv6).</summary>
    public string HostIp { get; init; } = "";
}

/// <summary>DNS settings of a pod: empty lists mean the host's.</summary>
public sealed record PodDns
{
    public IReadOnlyList<string> Servers { get; init; } = [];

    public IReadOnlyList<string> Searches { get; init; } = [];

    public IReadOnlyList<string> Options { get; init; } = [];
}
