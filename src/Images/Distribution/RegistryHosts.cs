// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Images.Distribution;

/// <summary>Which hosts serve a registry. Files are read anew for each pull, so changes need no restart.</summary>
internal sealed class RegistryHosts
{
    private const int MaxFileBytes = 1024 * 1024;
    private readonly IReadOnlyList<string> _directories;
    private readonly HashSet<string> _plain;

    /// <param name="directories">Folders in the form of containerd's certs.d; the first that knows the registry wins.</param>
    /// <param name="plainHttpHosts">Hosts, with port if not the default one, that are asked without TLS.</param>
    internal RegistryHosts(IReadOnlyList<string> directories, IEnumerable<string> plainHttpHosts)
    {
        _directories = directories;
        _plain = new HashSet<string>(plainHttpHosts, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The hosts to try, in order.</summary>
    /// <param name="registry">Domain of the reference.</param>
    /// <exception cref="ImageException"><see cref="ImageError.InvalidConfiguration"/>.</exception>
    internal IReadOnlyList<RegistryHost> For(string registry)
    {
        string ownUrl = OwnUrl(registry);
        foreach (string directory in _directories)
        {
            foreach (string candidate in Candidates(directory, registry))
            {
                string file = Path.Combine(candidate, "hosts.toml");
                if (File.Exists(file))
                {
                    return HostsToml.Parse(ReadBounded(file), file, registry, ownUrl);
                }

                if (Directory.Exists(candidate) && CertificateFiles(candidate) is HostTransport transport)
                {
                    return [Own(registry, $"https://{new Uri(ownUrl).Authority}") with { Transport = transport }];
                }
            }
        }

        return [Own(registry, ownUrl)];
    }

    private static RegistryHost Own(string registry, string url) =>
        Uri.TryCreate(url + "/v2/", UriKind.Absolute, out Uri? uri)
            ? new RegistryHost { Base = uri, IsUpstream = true }
            : throw new ImageException(ImageError.InvalidReference, $"registry \"{registry}\": not a host");

    private string OwnUrl(string registry)
    {
        string host = registry == "docker.io" ? "registry-1.docker.io" : registry;
        int colon = host.LastIndexOf(':');
        string name = colon > host.LastIndexOf(']') ? host[..colon] : host;
        bool plain = _plain.Contains(registry) || RegistryHost.IsLoopback(name);
        return (plain ? "http://" : "https://") + host;
    }

    private static IEnumerable<string> Candidates(string directory, string registry)
    {
        int colon = registry.LastIndexOf(':');
        if (colon > registry.LastIndexOf(']'))
        {
            yield return Path.Combine(directory, $"{registry[..colon]}_{registry[(colon + 1)..]}_");
        }

        yield return Path.Combine(directory, registry);
        yield return Path.Combine(directory, "_default");
    }

    /// <summary>Docker's form: <c>*.crt</c> are authorities, <c>x.cert</c> with <c>x.key</c> is a client certificate.</summary>
    private static HostTransport? CertificateFiles(string directory)
    {
        string[] files = [.. Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal)];
        string[] authorities = [.. files.Where(static f => f.EndsWith(".crt", StringComparison.Ordinal))];
        ClientCertificate[] clients =
        [
            .. files.Where(f => f.EndsWith(".cert", StringComparison.Ordinal) && files.Contains(Path.ChangeExtension(f, ".key")))
                .Select(f => new ClientCertificate(f, Path.ChangeExtension(f, ".key"))),
        ];
        return authorities.Length + clients.Length == 0
            ? null
            : new HostTransport { CaFiles = authorities, ClientCertificates = clients };
    }

    private static string ReadBounded(string file)
    {
        try
        {
            return new FileInfo(file).Length <= MaxFileBytes
                ? File.ReadAllText(file)
                : throw new ImageException(ImageError.InvalidConfiguration, $"{file}: at most {MaxFileBytes} bytes");
        }
        catch (IOException e)
        {
            throw new ImageException(ImageError.InvalidConfiguration, $"{file}: {e.Message}", e);
        }
    }
}
