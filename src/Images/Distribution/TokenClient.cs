// SPDX-License-Identifier: Apache-2.0
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gantry.Images.Distribution;

internal sealed record TokenAnswer
{
    [JsonPropertyName("token")]
    public string? Token { get; init; }

    [JsonPropertyName("access_token")]
    public string? AccessToken { get; init; }
}

[JsonSerializable(typeof(TokenAnswer))]
internal sealed partial class TokenJson : JsonSerializerContext;

/// <summary>Gets bearer tokens: distribution project, "Token Authentication" (GET) and "OAuth2" (POST with a refresh token).</summary>
internal sealed class TokenClient
{
    private const int MaxAnswerBytes = 256 * 1024;
    private const int MaxTokenLength = 64 * 1024;
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(30);
    private readonly HttpClients _clients;

    internal TokenClient(HttpClients clients) => _clients = clients;

    /// <summary>Asks the token server that the registry named.</summary>
    /// <param name="scope">Wanted when the challenge names none.</param>
    /// <exception cref="ImageException">The realm is refused, or the server does.</exception>
    internal async Task<string> GetAsync(
        RegistryHost host, AuthChallenge challenge, string scope, HostCredentials credentials, CancellationToken cancellationToken)
    {
        Uri realm = CheckRealm(host, challenge.Parameters.GetValueOrDefault("realm", ""));
        var fields = new List<KeyValuePair<string, string>>();
        AddIfSet(fields, "service", challenge.Parameters.GetValueOrDefault("service", ""));
        AddIfSet(fields, "scope", challenge.Parameters.GetValueOrDefault("scope", scope));
        using HttpRequestMessage request = credentials.IdentityToken.Length > 0
            ? Refresh(realm, fields, credentials)
            : Simple(realm, fields, credentials);
        string what = $"token for {scope}";
        RegistryHost server = host with { Base = realm };
        HttpClient client = _clients.For(SameServer(host, realm) ? host.Transport : new HostTransport { Proxy = host.Transport.Proxy });
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(s_timeout);
        try
        {
            using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token);
            return response.IsSuccessStatusCode
                ? await ReadAsync(response, what, server, timeout.Token)
                : throw await RegistryErrors.FromAsync(response, server, what, timeout.Token);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw RegistryErrors.Unreachable(server, what, e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ImageException(ImageError.Unavailable, $"{what}: {server.Name}: no answer in {s_timeout.TotalSeconds} s", e) { Host = server.Name };
        }
    }

    /// <summary>
    /// A registry must not send us, with credentials or without, to servers of its choice inside our network: the realm is
    /// https, and http only when the registry itself is reached by plain HTTP.
    /// </summary>
    internal static Uri CheckRealm(RegistryHost host, string realm)
    {
        bool valid = Uri.TryCreate(realm, UriKind.Absolute, out Uri? uri)
            && uri.UserInfo.Length == 0
            && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && host.IsPlain));
        return valid && !IsForbidden(uri!, host)
            ? uri!
            : throw new ImageException(
                ImageError.Unauthorized,
                $"{host.Name} names the token server \"{Bounded(realm)}\": an https URL{(host.IsPlain ? ", or http" : "")}, not a link-local address")
            {
                Host = host.Name,
            };
    }

    /// <summary>Link-local addresses serve clouds' metadata; only a registry that is there itself may point there.</summary>
    internal static bool IsForbidden(Uri target, RegistryHost host) =>
        IPAddress.TryParse(target.Host.Trim('[', ']'), out IPAddress? address)
        && IsLinkLocal(address)
        && !string.Equals(target.Host, host.Base.Host, StringComparison.OrdinalIgnoreCase);

    private static bool IsLinkLocal(IPAddress address)
    {
        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.IsIPv6LinkLocal
            || (plain.AddressFamily == AddressFamily.InterNetwork && plain.GetAddressBytes() is [169, 254, _, _]);
    }

    private static bool SameServer(RegistryHost host, Uri realm) =>
        realm.Scheme == host.Base.Scheme && string.Equals(realm.Host, host.Base.Host, StringComparison.OrdinalIgnoreCase);

    private static HttpRequestMessage Simple(Uri realm, List<KeyValuePair<string, string>> fields, HostCredentials credentials)
    {
        AddIfSet(fields, "account", credentials.BasicUser);
        string query = string.Join('&', fields.Select(static f => $"{f.Key}={Uri.EscapeDataString(f.Value)}"));
        var target = new UriBuilder(realm);
        target.Query = target.Query.Length > 1 ? $"{target.Query[1..]}&{query}" : query;
        var request = new HttpRequestMessage(HttpMethod.Get, target.Uri);
        if (credentials.HasBasic)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", credentials.BasicParameter);
        }

        return request;
    }

    private static HttpRequestMessage Refresh(Uri realm, List<KeyValuePair<string, string>> fields, HostCredentials credentials) =>
        new(HttpMethod.Post, realm)
        {
            Content = new FormUrlEncodedContent(
            [
                .. fields,
                KeyValuePair.Create("grant_type", "refresh_token"),
                KeyValuePair.Create("client_id", "gantry"),
                KeyValuePair.Create("refresh_token", credentials.IdentityToken),
            ]),
        };

    private static async Task<string> ReadAsync(
        HttpResponseMessage response, string what, RegistryHost server, CancellationToken cancellationToken)
    {
        byte[]? body = await RegistryErrors.ReadBoundedAsync(response.Content, MaxAnswerBytes, cancellationToken);
        try
        {
            TokenAnswer? answer = body is null ? null : JsonSerializer.Deserialize(body, TokenJson.Default.TokenAnswer);
            string token = answer?.Token is { Length: > 0 } plain ? plain : answer?.AccessToken ?? "";
            return token.Length is > 0 and <= MaxTokenLength && !token.Any(static c => char.IsControl(c) || char.IsWhiteSpace(c))
                ? token
                : throw new ImageException(ImageError.Unauthorized, $"{what}: {server.Name} sent no usable token") { Host = server.Name };
        }
        catch (JsonException e)
        {
            throw new ImageException(ImageError.Unauthorized, $"{what}: {server.Name} sent no JSON with a token", e) { Host = server.Name };
        }
    }

    private static void AddIfSet(List<KeyValuePair<string, string>> fields, string name, string value)
    {
        if (value.Length > 0)
        {
            fields.Add(KeyValuePair.Create(name, value));
        }
    }

    private static string Bounded(string text) => text.Length > 200 ? text[..200] : text;
}
