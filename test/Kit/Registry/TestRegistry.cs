// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gantry.Kit.Images;

namespace Gantry.Kit.Registry;

/// <summary>What the registry of a test asks of its clients.</summary>
public sealed record TestRegistryOptions
{
    /// <summary>Name and password are <see cref="TestRegistry.User"/> and <see cref="TestRegistry.Password"/>.</summary>
    public bool BasicAuth { get; init; }

    public bool Tls { get; init; }

    /// <summary>With TLS: clients must show a certificate.</summary>
    public bool ClientCertificate { get; init; }

    /// <summary>Loopback name or address that clients use.</summary>
    public string Host { get; init; } = "127.0.0.1";
}

/// <summary>Debian's docker-registry on a free loopback port with a directory of its own.</summary>
public sealed class TestRegistry : IAsyncDisposable
{
    public const string Program = "/usr/bin/docker-registry";
    public const string User = "gantry";
    public const string Password = "secret";

    // bcrypt of the password: the only form that the registry takes.
    private const string Hash = "$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a";
    private readonly TempRoot _root = new();
    private readonly TestRegistryOptions _options;
    private readonly HttpClient _client;
    private Process? _process;

    private TestRegistry(TestRegistryOptions options)
    {
        _options = options;
        Certificates = options.Tls ? new TestCertificates(_root.Path) : null;
        Port = FreePort();
        _client = MakeClient();
    }

    public static bool Available => File.Exists(Program);

    public int Port { get; }

    /// <summary>Host and port, as references to images in it begin.</summary>
    public string Host => $"{_options.Host}:{Port}";

    public Uri Url => new($"{(_options.Tls ? "https" : "http")}://{Host}/");

    public TestCertificates? Certificates { get; }

    /// <summary>A line for each request so far; see <see cref="Requests"/>.</summary>
    public string AccessLog => _root["access.log"];

    public static async Task<TestRegistry> StartAsync(TestRegistryOptions? options = null)
    {
        var registry = new TestRegistry(options ?? new TestRegistryOptions());
        try
        {
            registry.Launch();
            await registry.WaitReadyAsync();
            return registry;
        }
        catch
        {
            await registry.DisposeAsync();
            throw;
        }
    }

    /// <summary>Uploads an image and names it.</summary>
    /// <returns>The reference: host, repository, tag.</returns>
    public async Task<string> PushAsync(string repository, string tag, TestImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        foreach (TestBlob blob in image.Blobs)
        {
            await PushBlobAsync(repository, blob);
        }

        await PushManifestAsync(repository, tag, image.Manifest, image.MediaType);
        return $"{Host}/{repository}:{tag}";
    }

    /// <summary>Uploads images under their digests, and their index under the tag.</summary>
    public async Task<string> PushIndexAsync(string repository, string tag, IReadOnlyList<TestImage> images, bool docker = false)
    {
        ArgumentNullException.ThrowIfNull(images);
        foreach (TestImage image in images)
        {
            await PushAsync(repository, image.Manifest.Digest.ToString(), image);
        }

        string type = docker ? Oci.Image.MediaTypes.DockerList : Oci.Image.MediaTypes.OciIndex;
        await PushManifestAsync(repository, tag, TestImage.Index(images, docker), type);
        return $"{Host}/{repository}:{tag}";
    }

    public async Task PushManifestAsync(string repository, string tag, TestBlob manifest, string mediaType)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        using var content = new ByteArrayContent(manifest.Content);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(mediaType);
        using HttpResponseMessage put = await _client.PutAsync(new Uri(Url, $"v2/{repository}/manifests/{tag}"), content);
        await CheckAsync(put);
    }

    public async Task PushBlobAsync(string repository, TestBlob blob)
    {
        ArgumentNullException.ThrowIfNull(blob);
        using var head = new HttpRequestMessage(HttpMethod.Head, new Uri(Url, $"v2/{repository}/blobs/{blob.Digest}"));
        using HttpResponseMessage present = await _client.SendAsync(head);
        if (present.IsSuccessStatusCode)
        {
            return;
        }

        using HttpResponseMessage post = await _client.PostAsync(new Uri(Url, $"v2/{repository}/blobs/uploads/"), null);
        await CheckAsync(post);
        var target = new UriBuilder(new Uri(Url, post.Headers.Location!));
        target.Query = $"{target.Query.TrimStart('?')}&digest={Uri.EscapeDataString(blob.Digest.ToString())}";
        using var content = new ByteArrayContent(blob.Content);
        using HttpResponseMessage put = await _client.PutAsync(target.Uri, content);
        await CheckAsync(put);
    }

    /// <summary>Requests so far whose line holds the text, such as <c>GET /v2/</c>.</summary>
    public int Requests(string text)
    {
        using var log = new FileStream(AccessLog, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(log);
        return reader.ReadToEnd().Split('\n').Count(l => l.Contains(text, StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
            _process.Dispose();
        }

        _client.Dispose();
        _root.Dispose();
    }

    /// <summary>A TCP port of 127.0.0.1 that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task CheckAsync(HttpResponseMessage response)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException(
                $"{response.RequestMessage?.RequestUri}: {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        }
    }

    private void Launch()
    {
        File.WriteAllText(_root["config.yml"], Configuration());
        File.WriteAllText(_root["htpasswd"], $"{User}:{Hash}\n");
        var start = new ProcessStartInfo("/bin/sh")
        {
            ArgumentList = { "-c", $"exec {Program} serve {_root["config.yml"]} >{AccessLog} 2>{_root["registry.log"]}" },
        };
        start.Environment["OTEL_TRACES_EXPORTER"] = "none";
        _process = Process.Start(start);
    }

    private string Configuration()
    {
        var text = new StringBuilder();
        text.AppendLine("version: 0.1");
        text.AppendLine("log: { level: error, accesslog: { disabled: false } }");
        text.AppendLine("storage:");
        text.AppendLine($"  filesystem: {{ rootdirectory: {_root["data"]} }}");
        text.AppendLine("  delete: { enabled: true }");
        text.AppendLine("  cache: { blobdescriptor: inmemory }");
        text.AppendLine("http:");
        text.AppendLine($"  addr: 127.0.0.1:{Port}");
        if (Certificates is not null)
        {
            text.AppendLine("  tls:");
            text.AppendLine($"    certificate: {Certificates.ServerCertificate}");
            text.AppendLine($"    key: {Certificates.ServerKey}");
            text.AppendLine(_options.ClientCertificate ? $"    clientcas: [{Certificates.Authority}]" : "");
        }

        if (_options.BasicAuth)
        {
            text.AppendLine("auth:");
            text.AppendLine($"  htpasswd: {{ realm: test, path: {_root["htpasswd"]} }}");
        }

        return text.ToString();
    }

    private HttpClient MakeClient()
    {
        var handler = new SocketsHttpHandler { UseProxy = false };
        if (Certificates is not null)
        {
#pragma warning disable CA5359 // Its own registry, for uploads of a test.
            handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
            handler.SslOptions.ClientCertificates =
                [X509Certificate2.CreateFromPemFile(Certificates.ClientCertificate, Certificates.ClientKey)];
        }

        var client = new HttpClient(handler);
        if (_options.BasicAuth)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
                "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}")));
        }

        return client;
    }

    private async Task WaitReadyAsync()
    {
        for (int attempt = 0; attempt < 200; attempt++)
        {
            if (_process!.HasExited)
            {
                throw new InvalidOperationException($"docker-registry ended: {await File.ReadAllTextAsync(_root["registry.log"])}");
            }

            try
            {
                using HttpResponseMessage answer = await _client.GetAsync(new Uri(Url, "v2/"));
                return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet: it has no other sign of being ready.
                await Task.Delay(50);
            }
        }

        throw new InvalidOperationException("docker-registry does not listen after 10 s");
    }
}
