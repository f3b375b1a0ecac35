// SPDX-License-Identifier: Apache-2.0
using System.Net;
using System.Net.Sockets;

namespace Gantry.Network.Builtin;

/// <summary>Which pod owns which port of the host.</summary>
internal sealed class HostPorts
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(PortProtocol Protocol, int Port), List<Holder>> _holders = [];

    /// <summary>The mappings that mean something: with a host port, each once.</summary>
    internal static IReadOnlyList<PortMapping> Effective(PodNetworkRequest request) =>
        [.. request.Ports.Where(static p => p.HostPort > 0).Distinct()];

    /// <exception cref="NetworkException"><see cref="NetworkError.Conflict"/>: names the owner. Nothing is held then.</exception>
    internal void Hold(PodNetworkRequest request)
    {
        lock (_lock)
        {
            IReadOnlyList<PortMapping> wanted = Effective(request);
            try
            {
                foreach (PortMapping port in wanted)
                {
                    Hold(request, port);
                }
            }
            catch (NetworkException)
            {
                FreeLocked(request.PodId);
                throw;
            }
        }
    }

    internal void Free(string podId)
    {
        lock (_lock)
        {
            FreeLocked(podId);
        }
    }

    private void Hold(PodNetworkRequest request, PortMapping port)
    {
        (PortProtocol Protocol, int HostPort) key = (port.Protocol, port.HostPort);
        Holder fresh = new(request.PodId, Label(request), RequestRules.HostAddress(port));
        List<Holder> holders = _holders.TryGetValue(key, out List<Holder>? existing) ? existing : _holders[key] = [];
        if (holders.Find(fresh.Collides) is Holder owner)
        {
            string where = port.HostIp.Length == 0 ? "" : $"{port.HostIp}:";
            throw new NetworkException(
                NetworkError.Conflict,
                $"host port {where}{port.HostPort}/{port.Protocol.ToString().ToLowerInvariant()}: owned by pod {owner.Label}");
        }

        holders.Add(fresh);
    }

    private void FreeLocked(string podId)
    {
        foreach (List<Holder> holders in _holders.Values)
        {
            holders.RemoveAll(h => h.PodId == podId);
        }

        foreach ((PortProtocol Protocol, int Port) empty in _holders.Where(static h => h.Value.Count == 0).Select(static h => h.Key).ToList())
        {
            _holders.Remove(empty);
        }
    }

    private static string Label(PodNetworkRequest request) =>
        request.Name.Length == 0 ? request.PodId : $"{request.Namespace}/{request.Name} ({request.PodId})";

    /// <param name="Address"><see langword="null"/>: all addresses of both families.</param>
    private sealed record Holder(string PodId, string Label, IPAddress? Address)
    {
        internal bool Collides(Holder other) =>
            Address is null || other.Address is null
            || (Address.AddressFamily == other.Address.AddressFamily && (IsAny(Address) || IsAny(other.Address) || Address.Equals(other.Address)));

        private static bool IsAny(IPAddress address) =>
            address.Equals(address.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any);
    }
}
