// SPDX-License-Identifier: Apache-2.0
using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using Gantry.Oci.Image;

namespace Gantry.Images.Distribution;

/// <summary>Requests about one repository during one pull: authorisation, redirects, retries, hosts in order.</summary>
internal sealed class RegistrySession
{
    private const int MaxRedirects = 10;
    private const int MaxAttempts = 3;
    private static readonly TimeSpan s_headersTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_maxRetryAfter = TimeSpan.FromSeconds(10);

    private readonly HttpClients _clients;
    private readonly TimeProvider _clock;
    private readonly Dictionary<RegistryHost, HostAuthorizer> _authorizers;
    private readonly ConcurrentDictionary<RegistryHost, bool> _silent = new(ReferenceEqualityComparer.Instance);

    /// <param name="credentials">For each host, what may be sent to it.</param>
    internal RegistrySession(
        ImageReference reference,
        IReadOnlyList<RegistryHost> hosts,
        Func<RegistryHost, HostCredentials> credentials,
        HttpClients clients,
        TimeProvider clock)
    {
        Reference = reference;
        Hosts = hosts;
        _clients = clients;
        _clock = clock;
        var tokens = new TokenClient(clients);
        _authorizers = new Dictionary<RegistryHost, HostAuthorizer>(ReferenceEqualityComparer.Instance);
        foreach (RegistryHost host in hosts)
        {
            _authorizers[host] = new HostAuthorizer(host, credentials(host), tokens, reference.Path);
        }
    }

    internal ImageReference Reference { get; }

    internal IReadOnlyList<RegistryHost> Hosts { get; }

    internal TimeProvider Clock => _clock;

    /// <summary>Asks hosts in order until one answers well.</summary>
    /// <param name="use">Makes the result; what it throws as <see cref="ImageException"/> counts against the host.</param>
    /// <exception cref="ImageException">All failed, or none has the capability.</exception>
    internal async Task<T> FirstAsync<T>(
        HostCapabilities capability, string what, Func<RegistryHost, CancellationToken, Task<T>> use, CancellationToken cancellationToken)
    {
        var failures = new List<(RegistryHost Host, ImageException Error)>();
        foreach (RegistryHost host in Hosts.Where(h => h.Capabilities.HasFlag(capability)).OrderBy(h => _silent.ContainsKey(h)).ToArray())
        {
            try
            {
                return await use(host, cancellationToken);
            }
            catch (ImageException e) when (e.Error is not (ImageError.NoSpace or ImageError.InvalidConfiguration))
            {
                failures.Add((host, e));
                if (e is { Error: ImageError.Unavailable, StatusCode: 0 })
                {
                    // It did not answer at all: for the rest of this pull, others are asked before it.
                    _silent[host] = true;
                }
            }
        }

        throw failures.Count > 0
            ? RegistryErrors.Combine(failures)
            : new ImageException(ImageError.Unavailable, $"{what}: no host of {Reference.Domain} has the capability {capability.ToString().ToLowerInvariant()}");
    }

    /// <summary>Sends a request and returns the answer when its status is a success; headers are read, the body is not.</summary>
    /// <param name="path">Below the repository, such as <c>manifests/latest</c>.</param>
    /// <param name="accept">Media types.</param>
    /// <param name="offset">Greater than zero: ask for the rest from there.</param>
    /// <exception cref="ImageException">With host and status.</exception>
    internal async Task<HttpResponseMessage> SendAsync(
        RegistryHost host, HttpMethod method, string path, IReadOnlyList<string> accept, long offset, CancellationToken cancellationToken)
    {
        string what = $"{path.Split('/')[0].TrimEnd('s')} {Reference.Name} {path[(path.IndexOf('/', StringComparison.Ordinal) + 1)..]}";
        var call = new Call(method, TargetOf(host, path), accept, offset, what);
        for (int attempt = 1; ; attempt++)
        {
            ImageException failure;
            TimeSpan wait = TimeSpan.FromMilliseconds(200 * attempt * attempt);
            try
            {
                HttpResponseMessage response = await AuthorizedAsync(host, call, cancellationToken);
                if (response.IsSuccessStatusCode)
                {
                    return response;
                }

                using (response)
                {
                    failure = await RegistryErrors.FromAsync(response, host, what, cancellationToken);
                    wait = Longer(wait, response.Headers.RetryAfter);
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                failure = RegistryErrors.Unreachable(host, what, e);
            }

            bool passing = failure.StatusCode is 0 or 429 or 502 or 503 or 504;
            if (!passing || attempt == MaxAttempts)
            {
                throw failure;
            }

            await Task.Delay(wait, _clock, cancellationToken);
        }
    }

    private static TimeSpan Longer(TimeSpan wait, RetryConditionHeaderValue? retryAfter) =>
        retryAfter?.Delta is TimeSpan asked && asked > wait ? (asked < s_maxRetryAfter ? asked : s_maxRetryAfter) : wait;

    private static bool IsRedirect(HttpStatusCode status) =>
        status is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
            or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;

    private static bool SameOrigin(Uri left, Uri right) =>
        left.Scheme == right.Scheme && left.Port == right.Port && string.Equals(left.Host, right.Host, StringComparison.OrdinalIgnoreCase);

    private Uri TargetOf(RegistryHost host, string path)
    {
        string query = host.Namespace.Length == 0 ? "" : $"?ns={Uri.EscapeDataString(host.Namespace)}";
        return new Uri(host.Base, $"{Reference.Path}/{path}{query}");
    }

    private async Task<HttpResponseMessage> AuthorizedAsync(RegistryHost host, Call call, CancellationToken cancellationToken)
    {
        HostAuthorizer authorizer = _authorizers[host];
        for (int round = 0; ; round++)
        {
            AuthenticationHeaderValue? header = authorizer.Header;
            HttpResponseMessage response = await FollowAsync(host, call, header, cancellationToken);
            bool challenged = response.StatusCode == HttpStatusCode.Unauthorized
                && SameOrigin(response.RequestMessage?.RequestUri ?? call.Target, call.Target);
            if (!challenged || round == 2)
            {
                return response;
            }

            try
            {
                if (!await authorizer.AnswerAsync(response, header, cancellationToken))
                {
                    return response;
                }
            }
            catch
            {
                response.Dispose();
                throw;
            }

            response.Dispose();
        }
    }

    /// <summary>Follows redirects. Authorisation and the host's own headers go to the registry's origin only.</summary>
    private async Task<HttpResponseMessage> FollowAsync(
        RegistryHost host, Call call, AuthenticationHeaderValue? authorization, CancellationToken cancellationToken)
    {
        Uri target = call.Target;
        bool home = true;
        for (int hop = 0; hop <= MaxRedirects; hop++)
        {
            HttpResponseMessage response = await SendOnceAsync(host, call, target, home ? authorization : null, home, cancellationToken);
            if (!IsRedirect(response.StatusCode) || response.Headers.Location is not Uri location)
            {
                return response;
            }

            response.Dispose();
            Uri next = new(target, location);
            CheckRedirect(host, call, target, next);
            home = home && SameOrigin(call.Target, next);
            target = next;
        }

        throw new ImageException(ImageError.Unavailable, $"{call.What}: {host.Name}: more than {MaxRedirects} redirects") { Host = host.Name };
    }

    private static void CheckRedirect(RegistryHost host, Call call, Uri from, Uri to)
    {
        bool http = to.Scheme == Uri.UriSchemeHttps || (to.Scheme == Uri.UriSchemeHttp && from.Scheme == Uri.UriSchemeHttp);
        if (!http || to.UserInfo.Length > 0 || TokenClient.IsForbidden(to, host))
        {
            throw new ImageException(
                ImageError.Unavailable,
                $"{call.What}: {host.Name} redirects to {to.Scheme}://{to.Authority}: an https URL is accepted, not a link-local address")
            {
                Host = host.Name,
            };
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(
        RegistryHost host, Call call, Uri target, AuthenticationHeaderValue? authorization, bool home, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(call.Method, target);
        foreach (string type in call.Accept)
        {
            request.Headers.TryAddWithoutValidation("Accept", type);
        }

        foreach ((string name, string value) in home ? host.Headers : [])
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        request.Headers.Authorization = authorization ?? request.Headers.Authorization;
        request.Headers.Range = call.Offset > 0 ? new RangeHeaderValue(call.Offset, null) : null;
        HttpClient client = _clients.For(home ? host.Transport : new HostTransport { Proxy = host.Transport.Proxy });
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(s_headersTimeout);
        try
        {
            return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HttpRequestException($"no answer in {(e.InnerException is TimeoutException ? host.Transport.DialTimeout : s_headersTimeout).TotalSeconds} s", e);
        }
    }

    private sealed record Call(HttpMethod Method, Uri Target, IReadOnlyList<string> Accept, long Offset, string What);
}
