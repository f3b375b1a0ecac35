// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gantry.Network;

/// <summary>Which implementation a pod is attached with.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NetworkKind>))]
public enum NetworkKind
{
    Builtin,
    Cni,
}

/// <summary>Every network resource of a pod by name, for the pod's record on disk. Written before the resources are made.</summary>
public sealed record PodNetworkRecord
{
    /// <summary>Layout of this record.</summary>
    public int Version { get; init; } = 1;

    public required NetworkKind Kind { get; init; }

    public required PodNetworkRequest Request { get; init; }

    /// <summary>Name of the interface in the pod.</summary>
    public string InterfaceName { get; init; } = "eth0";

    /// <summary>Where the namespace is pinned (CNI); <see langword="null"/>: its processes and descriptors alone keep it.</summary>
    public string? NamespacePath { get; init; }

    /// <summary>Name of the interface's other end on the host, when known.</summary>
    public string? HostInterface { get; init; }

    /// <summary>Bridge that the host end belongs to (embedded network).</summary>
    public string? Bridge { get; init; }

    /// <summary>Hardware address in the pod, <c>0a:…</c>, when known.</summary>
    public string? MacAddress { get; init; }

    /// <summary>IPv4 before IPv6 (embedded network); the plugin's order (CNI). Empty until attached with CNI.</summary>
    public IReadOnlyList<PodAddress> Addresses { get; init; } = [];

    /// <summary>Kernel boot (<c>/proc/sys/kernel/random/boot_id</c>) in which the resources were reserved.</summary>
    public string BootId { get; init; } = "";

    /// <summary>Name of the CNI network; the configuration itself lies in the attachment cache.</summary>
    public string? CniNetwork { get; init; }

    /// <summary>Result of the last CNI plugin, in the network's CNI version.</summary>
    public JsonElement? CniResult { get; init; }

    /// <summary>The address that CRI reports as the pod's ip; empty when there is none.</summary>
    [JsonIgnore]
    public string PrimaryIp => Addresses.Count > 0 ? Addresses[0].Ip : "";

    /// <summary>The further addresses, for CRI's additional_ips.</summary>
    [JsonIgnore]
    public IEnumerable<string> AdditionalIps => Addresses.Skip(1).Select(static a => a.Ip);
}

/// <summary>One address of a pod.</summary>
/// <param name="Ip">Text form without a prefix length.</param>
/// <param name="PrefixLength">0 to 32 or 0 to 128.</param>
/// <param name="Gateway">Next hop of the default route; empty when there is none.</param>
public sealed record PodAddress(string Ip, int PrefixLength, string Gateway);
