// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Pods;
using Wire = Gantry.Cri.V1;

namespace Gantry.Cri.Mapping;

/// <summary>RunPodSandbox's configuration.</summary>
internal static class PodConfigMap
{
    private const int MaxPort = 65535;

    internal static PodConfig FromWire(Wire.PodSandboxConfig wire)
    {
        if (wire.Windows is not null)
        {
            throw Require.Invalid("config.windows", "set", "nothing: this is a Linux node");
        }

        Wire.LinuxPodSandboxConfig linux = wire.Linux ?? new Wire.LinuxPodSandboxConfig();
        return new PodConfig
        {
            Metadata = Metadata(Require.Present("config.metadata", wire.Metadata)),
            Hostname = wire.Hostname,
            LogDirectory = Require.AbsolutePathOrEmpty("config.log_directory", wire.LogDirectory),
            Dns = Dns(wire.DnsConfig),
            PortMappings = [.. wire.PortMappings.Select(Port)],
            Labels = new Dictionary<string, string>(wire.Labels),
            Annotations = new Dictionary<string, string>(wire.Annotations),
            CgroupParent = linux.CgroupParent,
            Sysctls = new Dictionary<string, string>(linux.Sysctls),
            Security = SecurityMap.FromWire("config.linux.security_context", linux.SecurityContext),
            Resources = linux.Resources is null ? null : ResourcesMap.FromWire("config.linux.resources", linux.Resources),
            Overhead = linux.Overhead is null ? null : ResourcesMap.FromWire("config.linux.overhead", linux.Overhead),
        };
    }

    private static PodMetadata Metadata(Wire.PodSandboxMetadata wire) => new(
        Require.Name("config.metadata.name", wire.Name),
        Require.Name("config.metadata.uid", wire.Uid),
        Require.Name("config.metadata.namespace", wire.Namespace),
        wire.Attempt);

    private static DnsConfig? Dns(Wire.DNSConfig? wire) => wire is null ? null : new()
    {
        Servers = [.. wire.Servers],
        Searches = [.. wire.Searches],
        Options = [.. wire.Options],
    };

    private static PortMapping Port(Wire.PortMapping wire, int index)
    {
        string field = $"config.port_mappings[{index}]";
        return new PortMapping(
            Protocol($"{field}.protocol", wire.Protocol),
            PortNumber($"{field}.container_port", wire.ContainerPort, minimum: 1),
            PortNumber($"{field}.host_port", wire.HostPort, minimum: 0),
            wire.HostIp);
    }

    private static PortProtocol Protocol(string field, Wire.Protocol wire) => wire switch
    {
        Wire.Protocol.Tcp => PortProtocol.Tcp,
        Wire.Protocol.Udp => PortProtocol.Udp,
        Wire.Protocol.Sctp => PortProtocol.Sctp,
        _ => throw Require.Invalid(field, $"{(int)wire}", "0 (TCP), 1 (UDP), 2 (SCTP)"),
    };

    private static int PortNumber(string field, int value, int minimum) => value >= minimum && value <= MaxPort
        ? value
        : throw Require.Invalid(field, $"{value}", $"{minimum} to {MaxPort}");
}
