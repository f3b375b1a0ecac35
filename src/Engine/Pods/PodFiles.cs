// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Records;
using Gantry.Network;
using Gantry.Network.PodFiles;

namespace Gantry.Engine.Pods;

/// <summary>The pod's directory: the files that its containers see as /etc/hosts, /etc/hostname and /etc/resolv.conf.</summary>
internal static class PodFiles
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const UnixFileMode Readable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private static readonly FileStreamOptions s_readable = new()
    {
        Mode = FileMode.Create,
        Access = FileAccess.Write,
        UnixCreateMode = Readable,
    };

    /// <summary>Makes the directory, which no other user may enter (CVE-2021-41103).</summary>
    internal static void MakeDirectory(string directory) => Directory.CreateDirectory(directory, Private);

    /// <summary>The directory for the logs of the pod's containers, as other runtimes make it when the caller has not. It stays the caller's.</summary>
    internal static void MakeLogDirectory(string directory)
    {
        if (directory.Length > 0)
        {
            Directory.CreateDirectory(directory);
        }
    }

    /// <param name="addresses">Of the pod; not read with the host's network.</param>
    /// <param name="resolvConf">The node's, for pods that bring no servers.</param>
    internal static void Write(string directory, PodRecord pod, IEnumerable<string> addresses, string resolvConf)
    {
        Write(directory, "hostname", HostsFile.Hostname(pod.Hostname));
        Write(directory, "hosts", pod.HostNetwork ? HostsFile.ReadHost() : HostsFile.Build(addresses, pod.Hostname));
        Write(directory, "resolv.conf", ResolvConf.Build(Dns(pod.Config.Dns), ResolvConf.ReadHost(resolvConf)));
    }

    /// <summary>Absent is success.</summary>
    internal static void DeleteDirectory(string directory)
    {
        try
        {
            Directory.Delete(directory, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // what was wanted
        }
    }

    internal static PodDns Dns(DnsConfig? dns) => dns is null
        ? new PodDns()
        : new PodDns { Servers = dns.Servers, Searches = dns.Searches, Options = dns.Options };

    private static void Write(string directory, string name, string content)
    {
        using var file = new StreamWriter(Path.Combine(directory, name), s_readable);
        file.Write(content);
    }
}
