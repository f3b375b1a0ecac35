// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gantry.Images.Distribution;

internal sealed record DockerConfig
{
    [JsonPropertyName("auths")]
    public IReadOnlyDictionary<string, DockerAuth>? Auths { get; init; }
}

internal sealed record DockerAuth
{
    [JsonPropertyName("username")]
    public string? Username { get; init; }

    [JsonPropertyName("password")]
    public string? Password { get; init; }

    [JsonPropertyName("auth")]
    public string? Auth { get; init; }

    [JsonPropertyName("identitytoken")]
    public string? IdentityToken { get; init; }

    [JsonPropertyName("registrytoken")]
    public string? RegistryToken { get; init; }
}

[JsonSerializable(typeof(DockerConfig))]
internal sealed partial class DockerConfigJson : JsonSerializerContext;

/// <summary>The node's own credentials, in the form of Docker's config.json. No credential helpers: nothing is executed.</summary>
internal sealed class CredentialsFile
{
    private const int MaxBytes = 1024 * 1024;
    private readonly string? _path;

    /// <param name="path"><see langword="null"/> or absent file: no credentials.</param>
    internal CredentialsFile(string? path) => _path = path;

    /// <summary>The entry with the longest name that fits the repository or host.</summary>
    /// <param name="host">Host and port.</param>
    /// <param name="repository">Path of the repository.</param>
    /// <exception cref="ImageException"><see cref="ImageError.InvalidConfiguration"/>.</exception>
    internal HostCredentials Find(string host, string repository)
    {
        if (_path is null || !File.Exists(_path))
        {
            return HostCredentials.None;
        }

        string wanted = $"{Canonical(host)}/{repository}";
        DockerAuth? best = null;
        int length = -1;
        foreach ((string name, DockerAuth auth) in Read(_path).Auths ?? new Dictionary<string, DockerAuth>())
        {
            string key = Canonical(name);
            bool fits = auth is not null && (wanted == key || wanted.StartsWith(key + "/", StringComparison.OrdinalIgnoreCase));
            if (fits && key.Length > length)
            {
                (best, length) = (auth, key.Length);
            }
        }

        return best is null ? HostCredentials.None : HostCredentials.From(Given(best), _path);
    }

    /// <summary>One spelling for a registry: no scheme, no version path, Docker's several names as one.</summary>
    internal static string Canonical(string server)
    {
        string name = server;
        int scheme = name.IndexOf("://", StringComparison.Ordinal);
        if (scheme >= 0)
        {
            name = name[(scheme + 3)..];
        }

        name = name.TrimEnd('/');
        foreach (string version in (ReadOnlySpan<string>)["/v1", "/v2"])
        {
            name = name.EndsWith(version, StringComparison.Ordinal) ? name[..^3] : name;
        }

        int slash = name.IndexOf('/', StringComparison.Ordinal);
        string host = (slash < 0 ? name : name[..slash]).ToLowerInvariant();
        host = host is "index.docker.io" or "registry-1.docker.io" ? "docker.io" : host;
        return slash < 0 ? host : host + name[slash..];
    }

    /// <summary>The registry that a server address names: no path.</summary>
    internal static string HostOf(string server) => Canonical(server).Split('/')[0];

    private static RegistryCredentials Given(DockerAuth auth) => new()
    {
        Username = auth.Username ?? "",
        Password = auth.Password ?? "",
        Auth = auth.Auth ?? "",
        IdentityToken = auth.IdentityToken ?? "",
        RegistryToken = auth.RegistryToken ?? "",
    };

    private static DockerConfig Read(string path)
    {
        try
        {
            return new FileInfo(path).Length <= MaxBytes
                ? JsonSerializer.Deserialize(File.ReadAllBytes(path), DockerConfigJson.Default.DockerConfig) ?? new DockerConfig()
                : throw new ImageException(ImageError.InvalidConfiguration, $"{path}: at most {MaxBytes} bytes");
        }
        catch (JsonException e)
        {
            throw new ImageException(ImageError.InvalidConfiguration, $"{path}:{(e.LineNumber ?? 0) + 1}: {e.Path}: not Docker's config.json: {{\"auths\":{{\"host\":{{\"auth\":\"...\"}}}}}}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ImageException(ImageError.InvalidConfiguration, $"{path}: {e.Message}", e);
        }
    }
}
