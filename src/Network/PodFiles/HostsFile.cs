// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Network.PodFiles;

/// <summary>Content of a pod's /etc/hosts and /etc/hostname.</summary>
public static class HostsFile
{
    /// <summary>Loopback names, then each address of the pod with its host name.</summary>
    /// <exception cref="NetworkException"><see cref="NetworkError.InvalidArgument"/>: the name is not a host name of at most 253 characters.</exception>
    public static string Build(IEnumerable<string> addresses, string hostname) => throw new NotImplementedException();

    /// <summary>The host's /etc/hosts (at most 1 MiB), for pods on the host's network.</summary>
    public static string ReadHost() => throw new NotImplementedException();

    /// <summary>Content of /etc/hostname.</summary>
    /// <exception cref="NetworkException"><see cref="NetworkError.InvalidArgument"/>.</exception>
    public static string Hostname(string hostname) => throw new NotImplementedException();
}
