// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Network.PodFiles;

/// <summary>Content of a pod's /etc/resolv.conf.</summary>
public static class ResolvConf
{
    /// <summary>From the pod's own settings, or from the host's file when the pod has none.</summary>
    /// <exception cref="NetworkException"><see cref="NetworkError.InvalidArgument"/>: a value holds a line break or another control character, or is too long.</exception>
    public static string Build(PodDns dns, string hostContent) => throw new NotImplementedException();

    /// <summary>The host's file (at most 64 KiB of it); systemd-resolved's upstream file when the host's names only loopback resolvers.</summary>
    public static string ReadHost() => throw new NotImplementedException();
}
