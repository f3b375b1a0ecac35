// SPDX-License-Identifier: Apache-2.0
using System.Net;

namespace Gantry.Images.Distribution;

/// <summary>What a host is trusted to do (containerd's hosts.toml, "capabilities field").</summary>
[Flags]
internal enum HostCapabilities
{
    None = 0,
    Pull = 1,
    Resolve = 2,
    Push = 4,
    All = Pull | Resolve | Push,
}

/// <param name="CertificateFile">PEM.</param>
/// <param name="KeyFile">PEM; empty: the key stands in the certificate's file.</param>
internal sealed record ClientCertificate(string CertificateFile, string KeyFile);

/// <summary>How to connect to a host. Equal text of <see cref="Key"/> means that connections may be shared.</summary>
internal sealed record HostTransport
{
    /// <summary>PEM files of certificate authorities, trusted besides those of the system.</summary>
    public IReadOnlyList<string> CaFiles { get; init; } = [];

    public IReadOnlyList<ClientCertificate> ClientCertificates { get; init; } = [];

    public bool SkipVerify { get; init; }

    public TimeSpan DialTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary><see langword="null"/>: what the environment says.</summary>
    public Uri? Proxy { get; init; }

    internal string Key => string.Join(
        '\n',
        [
            SkipVerify ? "insecure" : "verify",
            DialTimeout.ToString(),
            Proxy?.ToString() ?? "",
            .. CaFiles.Select(Stamp),
            .. ClientCertificates.Select(c => $"{Stamp(c.CertificateFile)}+{(c.KeyFile.Length == 0 ? "" : Stamp(c.KeyFile))}"),
        ]);

    // The time of change is part of it: a renewed certificate is picked up by the next pull.
    private static string Stamp(string path) => $"{path}@{File.GetLastWriteTimeUtc(path).Ticks}";
}

/// <summary>One place that serves a registry's content: the registry itself or a mirror.</summary>
internal sealed record RegistryHost
{
    /// <summary>Where the API starts, ending in a slash: <c>https://registry-1.docker.io/v2/</c>.</summary>
    public required Uri Base { get; init; }

    public HostCapabilities Capabilities { get; init; } = HostCapabilities.All;

    public HostTransport Transport { get; init; } = new();

    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>The registry that the reference names, so credentials for it go there.</summary>
    public bool IsUpstream { get; init; }

    /// <summary>The registry's name for a mirror that serves several (containerd's <c>ns</c> parameter); empty: not sent.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>Host and port, for messages.</summary>
    public string Name => Base.Authority;

    public bool IsPlain => Base.Scheme == Uri.UriSchemeHttp;

    internal static bool IsLoopback(string host)
    {
        string bare = host.TrimStart('[').TrimEnd(']');
        return bare.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(bare, out IPAddress? address) && IPAddress.IsLoopback(address));
    }
}
