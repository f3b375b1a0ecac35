// SPDX-License-Identifier: Apache-2.0
using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gantry.Images.Distribution;

/// <summary>One client for each way of connecting. Clients follow no redirects, keep no cookies, unpack nothing.</summary>
internal sealed class HttpClients : IDisposable
{
    private readonly ConcurrentDictionary<string, HttpClient> _clients = new();

    /// <exception cref="ImageException"><see cref="ImageError.InvalidConfiguration"/>: a certificate cannot be read.</exception>
    internal HttpClient For(HostTransport transport)
    {
        string key = transport.Key;
        if (_clients.TryGetValue(key, out HttpClient? client))
        {
            return client;
        }

        HttpClient made = Make(transport);
        client = _clients.GetOrAdd(key, made);
        if (!ReferenceEquals(client, made))
        {
            made.Dispose();
        }

        return client;
    }

    public void Dispose()
    {
        foreach (HttpClient client in _clients.Values)
        {
            client.Dispose();
        }
    }

    private static HttpClient Make(HostTransport transport)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = transport.DialTimeout,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxConnectionsPerServer = 64,
            MaxResponseHeadersLength = 64,
            ActivityHeadersPropagator = null,
        };
        handler.Proxy = transport.Proxy is null ? new EnvironmentProxy() : new WebProxy(transport.Proxy);
        ConfigureTls(handler.SslOptions, transport);
        var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.UserAgent.ParseAdd("gantry/0.1");
        return client;
    }

    private static void ConfigureTls(SslClientAuthenticationOptions tls, HostTransport transport)
    {
        if (transport.SkipVerify)
        {
#pragma warning disable CA5359 // The operator asked for it in hosts.toml (skip_verify), for this host only.
            tls.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (transport.CaFiles.Count > 0)
        {
            X509Certificate2Collection authorities = Load(transport.CaFiles);
            tls.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                errors == SslPolicyErrors.None
                || (errors == SslPolicyErrors.RemoteCertificateChainErrors && IsTrusted(certificate, chain, authorities));
        }

        if (transport.ClientCertificates.Count > 0)
        {
            tls.ClientCertificates = LoadClients(transport.ClientCertificates);
        }
    }

    private static bool IsTrusted(X509Certificate? certificate, X509Chain? sent, X509Certificate2Collection authorities)
    {
        if (certificate is not X509Certificate2 leaf)
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.1", null));
        foreach (X509ChainElement element in sent?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        return chain.Build(leaf);
    }

    private static X509Certificate2Collection Load(IReadOnlyList<string> files)
    {
        var all = new X509Certificate2Collection();
        foreach (string file in files)
        {
            Guard(file, () => all.ImportFromPemFile(file));
        }

        return all;
    }

    private static X509CertificateCollection LoadClients(IReadOnlyList<ClientCertificate> clients)
    {
        var all = new X509CertificateCollection();
        foreach (ClientCertificate client in clients)
        {
            Guard(client.CertificateFile, () => all.Add(
                X509Certificate2.CreateFromPemFile(client.CertificateFile, client.KeyFile.Length == 0 ? null : client.KeyFile)));
        }

        return all;
    }

    private static void Guard(string file, Action load)
    {
        try
        {
            load();
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new ImageException(ImageError.InvalidConfiguration, $"certificate \"{file}\": {e.Message}", e);
        }
    }

    /// <summary>The proxy that the environment names, but never for this machine itself.</summary>
    private sealed class EnvironmentProxy : IWebProxy
    {
        public ICredentials? Credentials
        {
            get => HttpClient.DefaultProxy.Credentials;
            set => throw new NotSupportedException();
        }

        public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : HttpClient.DefaultProxy.GetProxy(destination);

        public bool IsBypassed(Uri host) => RegistryHost.IsLoopback(host.Host) || HttpClient.DefaultProxy.IsBypassed(host);
    }
}
