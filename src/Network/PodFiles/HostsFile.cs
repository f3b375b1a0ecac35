// SPDX-License-Identifier: Apache-2.0
using System.Buffers;
using System.Net;
using System.Text;

namespace Gantry.Network.PodFiles;

/// <summary>Content of a pod's /etc/hosts and /etc/hostname.</summary>
public static class HostsFile
{
    private const int MaxHostBytes = 1024 * 1024;
    private const int MaxName = 253;

    private const string Loopback = """
        127.0.0.1	localhost
        ::1	localhost ip6-localhost ip6-loopback
        ff02::1	ip6-allnodes
        ff02::2	ip6-allrouters

        """;

    private static readonly SearchValues<char> s_name =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

    /// <summary>Loopback names, then each address of the pod with its host name.</summary>
    /// <exception cref="NetworkException"><see cref="NetworkError.InvalidArgument"/>: the name is not a host name of at most 253 characters.</exception>
    public static string Build(IEnumerable<string> addresses, string hostname)
    {
        StringBuilder text = new(Loopback);
        foreach (string address in addresses)
        {
            if (!IpText.TryParse(address, out IPAddress? parsed))
            {
                throw RequestRules.Invalid($"pod address '{HostText.Printable(address)}': an IPv4 or IPv6 address");
            }

            text.Append(parsed).Append('\t').Append(Name(hostname)).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>The host's /etc/hosts (at most 1 MiB), for pods on the host's network.</summary>
    public static string ReadHost() => HostText.Read("/etc/hosts", MaxHostBytes);

    /// <summary>Content of /etc/hostname.</summary>
    /// <exception cref="NetworkException"><see cref="NetworkError.InvalidArgument"/>.</exception>
    public static string Hostname(string hostname) => Name(hostname) + "\n";

    private static string Name(string hostname) =>
        hostname.Length is > 0 and <= MaxName && char.IsAsciiLetterOrDigit(hostname[0]) && !hostname.AsSpan().ContainsAnyExcept(s_name)
            ? hostname
            : throw RequestRules.Invalid(
                $"hostname '{HostText.Printable(hostname)}': 1 to {MaxName} characters of a-z, A-Z, 0-9, '-', '_', '.', the first one a letter or digit");
}
