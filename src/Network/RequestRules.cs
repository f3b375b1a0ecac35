// SPDX-License-Identifier: Apache-2.0
using System.Buffers;
using System.Net;

namespace Gantry.Network;

/// <summary>Checks on a request. What passes is safe in file names, plugin environments and firewall text.</summary>
internal static class RequestRules
{
    private const int MaxIdLength = 64;
    private const int MaxPorts = 1024;
    private const int MaxPort = 65535;

    private static readonly SearchValues<char> s_id =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

    /// <exception cref="NetworkException"><see cref="NetworkError.InvalidArgument"/>.</exception>
    internal static void Check(PodNetworkRequest request)
    {
        if (!IsId(request.PodId))
        {
            throw Invalid($"pod id '{request.PodId}': 1 to {MaxIdLength} characters of a-z, A-Z, 0-9, '-', '_', '.', the first one a letter or digit");
        }

        if (request.Ports.Count > MaxPorts)
        {
            throw Invalid($"port_mappings: {request.Ports.Count} entries, at most {MaxPorts}");
        }

        foreach (PortMapping port in request.Ports)
        {
            Check(port);
        }
    }

    internal static bool IsId(string value) =>
        value.Length is > 0 and <= MaxIdLength && char.IsAsciiLetterOrDigit(value[0]) && !value.AsSpan().ContainsAnyExcept(s_id);

    /// <summary>The address that a host port is limited to; <see langword="null"/> for all of both families.</summary>
    internal static IPAddress? HostAddress(PortMapping port)
    {
        if (port.HostIp.Length == 0)
        {
            return null;
        }

        if (!IpText.TryParse(port.HostIp, out IPAddress? address))
        {
            throw Invalid($"port_mappings: host_ip '{port.HostIp}': an IPv4 or IPv6 address, or empty");
        }

        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    internal static NetworkException Invalid(string message) => new(NetworkError.InvalidArgument, message);

    private static void Check(PortMapping port)
    {
        if (!Enum.IsDefined(port.Protocol))
        {
            throw Invalid($"port_mappings: protocol {(int)port.Protocol}: 6 (TCP), 17 (UDP) or 132 (SCTP)");
        }

        if (port.HostPort is < 0 or > MaxPort)
        {
            throw Invalid($"port_mappings: host_port {port.HostPort}: 0 to {MaxPort}");
        }

        if (port.ContainerPort is < 1 or > MaxPort && (port.HostPort > 0 || port.ContainerPort != 0))
        {
            throw Invalid($"port_mappings: container_port {port.ContainerPort}: 1 to {MaxPort}");
        }

        HostAddress(port);
    }
}
