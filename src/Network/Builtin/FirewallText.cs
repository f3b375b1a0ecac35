// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gantry.Network.Builtin;

/// <summary>An element of one of the table's maps or sets.</summary>
/// <param name="Set">Name of the map or set.</param>
/// <param name="Key">In the language of nft(8).</param>
/// <param name="Value">Empty for sets.</param>
internal readonly record struct FirewallElement(string Set, string Key, string Value)
{
    internal string Text => Value.Length == 0 ? Key : $"{Key} : {Value}";
}

/// <summary>The rules as text: pure functions. Everything that gets in here was parsed before (addresses, numbers, checked names).</summary>
internal static class FirewallText
{
    /// <summary>Replaces the table by a fresh one, in the same transaction as what is appended to this text.</summary>
    internal static string Table(BuiltinSettings settings, IEnumerable<IpPool> pools)
    {
        StringBuilder text = new();
        string table = settings.Table;
        string bridge = settings.Bridge;
        text.Append(CultureInfo.InvariantCulture, $"add table inet {table}\ndelete table inet {table}\ntable inet {table} {{\n");
        Sets(text, pools.ToList(), settings.NoMasquerade);
        Guard(text, bridge);
        HostPortChains(text);
        text.Append("chain postrouting {\ntype nat hook postrouting priority 100; policy accept;\n");
        foreach ((string ip, char n, string loopback) in Families)
        {
            text.Append(CultureInfo.InvariantCulture, $"oifname \"{bridge}\" {ip} saddr {loopback} masquerade\n");
            text.Append(CultureInfo.InvariantCulture, $"oifname \"{bridge}\" {ip} saddr @pods{n} ct status dnat {ip} daddr . meta l4proto . th dport @hairpin{n} masquerade\n");
            if (settings.Masquerade)
            {
                text.Append(CultureInfo.InvariantCulture, $"oifname != \"{bridge}\" {ip} saddr @pods{n} {ip} daddr != @pods{n} {ip} daddr != @direct{n} masquerade\n");
            }
        }

        return text.Append("}\n}\n").ToString();
    }

    /// <summary>What a pod's host ports add to the maps; each element once.</summary>
    /// <exception cref="NetworkException"><see cref="NetworkError.InvalidArgument"/>: a host address of a family that the pod does not have.</exception>
    internal static IReadOnlyList<FirewallElement> Elements(PodNetworkRecord record)
    {
        List<FirewallElement> elements = [];
        foreach (PortMapping port in HostPorts.Effective(record.Request))
        {
            int before = elements.Count;
            foreach (PodAddress address in record.Addresses)
            {
                AddElements(elements, port, IPAddress.Parse(address.Ip));
            }

            if (elements.Count == before)
            {
                throw RequestRules.Invalid($"port_mappings: host_ip '{port.HostIp}': the pod has no address of that family");
            }
        }

        return [.. elements.Distinct()];
    }

    /// <param name="verb">add or delete.</param>
    internal static string Change(string verb, string table, IEnumerable<FirewallElement> elements)
    {
        StringBuilder text = new();
        foreach (IGrouping<string, FirewallElement> set in elements.GroupBy(static e => e.Set))
        {
            // Deleting names the key alone: whatever it leads to.
            IEnumerable<string> items = set.Select(e => verb == "delete" ? e.Key : e.Text);
            text.Append(CultureInfo.InvariantCulture, $"{verb} element inet {table} {set.Key} {{ {string.Join(", ", items)} }}\n");
        }

        return text.ToString();
    }

    private static readonly (string Ip, char Suffix, string Loopback)[] Families = [("ip", '4', "127.0.0.0/8"), ("ip6", '6', "::1")];

    private static void AddElements(List<FirewallElement> elements, PortMapping port, IPAddress pod)
    {
        IPAddress? host = RequestRules.HostAddress(port);
        if (host is not null && host.AddressFamily != pod.AddressFamily)
        {
            return;
        }

        char n = pod.AddressFamily == AddressFamily.InterNetwork ? '4' : '6';
        bool any = host is null || host.Equals(IPAddress.Any) || host.Equals(IPAddress.IPv6Any);
        string transport = port.Protocol.ToString().ToLowerInvariant();
        string key = $"{transport} . {port.HostPort}";
        elements.Add(new FirewallElement(any ? $"ports{n}" : $"addrports{n}", any ? key : $"{host} . {key}", $"{pod} . {port.ContainerPort}"));
        elements.Add(new FirewallElement($"hairpin{n}", $"{pod} . {transport} . {port.ContainerPort}", ""));
    }

    private static void Sets(StringBuilder text, IReadOnlyList<IpPool> pools, IReadOnlyList<string> noMasquerade)
    {
        foreach ((string ip, char n, _) in Families)
        {
            AddressFamily family = n == '4' ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;
            string type = n == '4' ? "ipv4_addr" : "ipv6_addr";
            string multicast = n == '4' ? "224.0.0.0/4" : "ff00::/8";
            IEnumerable<string> direct = noMasquerade.Where(p => p.Contains(':', StringComparison.Ordinal) == (n == '6')).Prepend(multicast);
            Interval(text, $"pods{n}", type, pools.Where(p => p.Family == family).Select(static p => p.ToString()).Distinct());
            Interval(text, $"direct{n}", type, direct);
            text.Append(CultureInfo.InvariantCulture, $"map ports{n} {{ type inet_proto . inet_service : {type} . inet_service; }}\n");
            text.Append(CultureInfo.InvariantCulture, $"map addrports{n} {{ type {type} . inet_proto . inet_service : {type} . inet_service; }}\n");
            text.Append(CultureInfo.InvariantCulture, $"set hairpin{n} {{ type {type} . inet_proto . inet_service; }}\n");
        }
    }

    private static void Interval(StringBuilder text, string name, string type, IEnumerable<string> items)
    {
        string list = string.Join(", ", items);
        string elements = list.Length == 0 ? "" : $"elements = {{ {list} }};";
        text.Append(CultureInfo.InvariantCulture, $"set {name} {{ type {type}; flags interval; auto-merge; {elements} }}\n");
    }

    /// <summary>
    /// route_localnet on the bridge lets 127.0.0.1 reach pods; without this it would also let pods reach what the
    /// host serves on 127.0.0.1 only, or pose as it (CVE-2020-8558). Replies carry the bridge's address here.
    /// </summary>
    private static void Guard(StringBuilder text, string bridge) => text.Append(CultureInfo.InvariantCulture, $$"""
        chain guard {
        type filter hook prerouting priority -300; policy accept;
        iifname "{{bridge}}" ip daddr 127.0.0.0/8 drop
        iifname "{{bridge}}" ip saddr 127.0.0.0/8 drop
        }

        """);

    private static void HostPortChains(StringBuilder text) => text.Append("""
        chain hostports {
        dnat ip to ip daddr . meta l4proto . th dport map @addrports4
        dnat ip to meta l4proto . th dport map @ports4
        dnat ip6 to ip6 daddr . meta l4proto . th dport map @addrports6
        dnat ip6 to meta l4proto . th dport map @ports6
        }
        chain prerouting {
        type nat hook prerouting priority -100; policy accept;
        fib daddr type local jump hostports
        }
        chain output {
        type nat hook output priority -100; policy accept;
        fib daddr type local jump hostports
        }

        """);
}
