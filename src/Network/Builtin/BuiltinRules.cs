// SPDX-License-Identifier: Apache-2.0
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Gantry.Network.Builtin;

/// <summary>Checks on the embedded network's settings.</summary>
internal static partial class BuiltinRules
{
    private const int MinMtu = 1280;
    private const int MaxMtu = 65535;

    /// <exception cref="NetworkException"><see cref="NetworkError.InvalidArgument"/>.</exception>
    internal static BuiltinSettings Check(BuiltinSettings settings)
    {
        if (!InterfaceName().IsMatch(settings.Bridge))
        {
            throw RequestRules.Invalid($"network.bridge '{settings.Bridge}': 1 to 15 characters of a-z, A-Z, 0-9, '-', '_', the first one a letter");
        }

        if (!TableName().IsMatch(settings.Table))
        {
            throw RequestRules.Invalid($"network.nftables_table '{settings.Table}': 1 to 32 characters of a-z, A-Z, 0-9, '_', the first one a letter");
        }

        if (settings.Mtu is not 0 and (< MinMtu or > MaxMtu))
        {
            throw RequestRules.Invalid($"network.mtu {settings.Mtu}: 0 or {MinMtu} to {MaxMtu}");
        }

        return settings with { NoMasquerade = [.. settings.NoMasquerade.Select(CheckPrefix)] };
    }

    /// <summary>The kubelet's pod CIDR where it gives one for a family, otherwise the settings' pools. IPv4 first.</summary>
    /// <param name="podCidr">One or two prefixes separated by a comma, or empty.</param>
    internal static IReadOnlyList<IpPool> Pools(BuiltinSettings settings, string podCidr)
    {
        const int mostPrefixes = 2;
        string[] parts = podCidr.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        List<IpPool> given = [.. parts.Take(mostPrefixes + 1).Select(static p => IpPool.Parse(p, "pod_cidr"))];
        if (given.Count > mostPrefixes || given.Select(static p => p.Family).Distinct().Count() != given.Count)
        {
            throw RequestRules.Invalid($"pod_cidr '{podCidr}': one prefix, or one of IPv4 and one of IPv6");
        }

        IpPool? v4 = given.Find(static p => p.Family == AddressFamily.InterNetwork)
            ?? (settings.Ipv4Pool is null ? null : IpPool.Parse(settings.Ipv4Pool, "network.ipv4_pool"));
        IpPool? v6 = given.Find(static p => p.Family == AddressFamily.InterNetworkV6)
            ?? (settings.Ipv6Pool is null ? null : IpPool.Parse(settings.Ipv6Pool, "network.ipv6_pool"));
        List<IpPool> pools = [.. new[] { v4, v6 }.OfType<IpPool>()];
        return pools.Count > 0 ? pools : throw RequestRules.Invalid("network: ipv4_pool or ipv6_pool must be set");
    }

    /// <summary>The pool that a recorded address came from.</summary>
    internal static IpPool PoolOf(PodAddress address) => IpPool.Parse($"{address.Ip}/{address.PrefixLength}", "address");

    /// <returns>As the framework writes it: the text goes into firewall rules.</returns>
    private static string CheckPrefix(string prefix) =>
        System.Net.IPNetwork.TryParse(prefix, out System.Net.IPNetwork network) && IpText.TryParse(prefix.Split('/')[0], out _)
            ? network.ToString()
            : throw RequestRules.Invalid($"network.no_masquerade '{prefix}': an address and a prefix length, as 10.0.0.0/8");

    [GeneratedRegex(@"^[a-zA-Z][a-zA-Z0-9_-]{0,14}\z")]
    private static partial Regex InterfaceName();

    [GeneratedRegex(@"^[a-zA-Z][a-zA-Z0-9_]{0,31}\z")]
    private static partial Regex TableName();
}
