// SPDX-License-Identifier: Apache-2.0
using System.Net;
using System.Text;

namespace Gantry.Network.PodFiles;

/// <summary>Content of a pod's /etc/resolv.conf.</summary>
public static class ResolvConf
{
    private const int MaxHostBytes = 64 * 1024;
    private const int MaxEntries = 64;
    private const int MaxName = 255;

    /// <summary>From the pod's own settings, or from the host's file when the pod has none.</summary>
    /// <exception cref="NetworkException"><see cref="NetworkError.InvalidArgument"/>: a value holds a line break or another control character, or is too long.</exception>
    public static string Build(PodDns dns, string hostContent)
    {
        if (dns.Servers.Count + dns.Searches.Count + dns.Options.Count == 0)
        {
            return hostContent;
        }

        StringBuilder text = new();
        if (dns.Searches.Count > 0)
        {
            text.Append("search ").AppendJoin(' ', Words("dns_config.searches", dns.Searches)).Append('\n');
        }

        foreach (string server in Words("dns_config.servers", dns.Servers))
        {
            text.Append("nameserver ").Append(Server(server)).Append('\n');
        }

        if (dns.Options.Count > 0)
        {
            text.Append("options ").AppendJoin(' ', Words("dns_config.options", dns.Options)).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>The host's file (at most 64 KiB of it); systemd-resolved's upstream file when the host's names only loopback resolvers.</summary>
    /// <param name="path">Normally <c>/etc/resolv.conf</c>.</param>
    public static string ReadHost(string path) => ReadHost(path, "/run/systemd/resolve/resolv.conf");

    internal static string ReadHost(string path, string upstreamPath)
    {
        string host = HostText.Read(path, MaxHostBytes);
        if (!OnlyLoopback(host))
        {
            return host;
        }

        // A resolver on 127.0.0.53 does not exist in a pod.
        string upstream = HostText.Read(upstreamPath, MaxHostBytes);
        return upstream.Length > 0 && !OnlyLoopback(upstream) ? upstream : host;
    }

    /// <summary>Whether there are resolvers and all of them are loopback addresses.</summary>
    internal static bool OnlyLoopback(string content)
    {
        List<string> servers = [.. content.Split('\n')
            .Select(static line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .Where(static words => words is ["nameserver", _, ..])
            .Select(static words => words[1])];
        return servers.Count > 0 && servers.TrueForAll(static s => IPAddress.TryParse(s, out IPAddress? a) && IPAddress.IsLoopback(a));
    }

    private static List<string> Words(string field, IReadOnlyList<string> values) =>
        values.Count <= MaxEntries
            ? [.. values.Select(v => HostText.Word(field, v, MaxName))]
            : throw RequestRules.Invalid($"{field}: {values.Count} entries, at most {MaxEntries}");

    private static string Server(string value) =>
        IPAddress.TryParse(value, out _)
            ? value
            : throw RequestRules.Invalid($"dns_config.servers '{HostText.Printable(value)}': an IPv4 or IPv6 address");
}
