// SPDX-License-Identifier: Apache-2.0
using System.Net.Http.Headers;

namespace Gantry.Images.Distribution;

/// <summary>The Authorization header for one host during one pull. Starts without one; answers challenges.</summary>
#pragma warning disable CA1001 // The semaphore has no wait handle; layers may use it after the pull that made it has left.
internal sealed class HostAuthorizer
#pragma warning restore CA1001
{
    private readonly RegistryHost _host;
    private readonly HostCredentials _credentials;
    private readonly TokenClient _tokens;
    private readonly string _scope;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private volatile AuthenticationHeaderValue? _header;

    internal HostAuthorizer(RegistryHost host, HostCredentials credentials, TokenClient tokens, string repository)
    {
        _host = host;
        _credentials = credentials;
        _tokens = tokens;
        _scope = $"repository:{repository}:pull";
        _header = credentials.RegistryToken.Length > 0 ? new AuthenticationHeaderValue("Bearer", credentials.RegistryToken) : null;
    }

    internal AuthenticationHeaderValue? Header => _header;

    /// <summary>Finds an answer to a 401.</summary>
    /// <param name="refused">The header that was refused; when another request has replaced it meanwhile, that one is used.</param>
    /// <returns>False: we have nothing to answer with.</returns>
    internal async Task<bool> AnswerAsync(
        HttpResponseMessage response, AuthenticationHeaderValue? refused, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (!ReferenceEquals(_header, refused))
            {
                return true;
            }

            AuthenticationHeaderValue? next = await NextAsync(Challenges(response), cancellationToken);
            if (next is null || (refused is not null && next.Scheme == refused.Scheme && next.Parameter == refused.Parameter))
            {
                return false;
            }

            _header = next;
            return true;
        }
        finally
        {
            _gate.Release();
        }
    }

    private static List<AuthChallenge> Challenges(HttpResponseMessage response) =>
        response.Headers.NonValidated.TryGetValues("WWW-Authenticate", out HeaderStringValues values)
            ? [.. values.SelectMany(AuthChallenge.Parse)]
            : [];

    private async Task<AuthenticationHeaderValue?> NextAsync(List<AuthChallenge> challenges, CancellationToken cancellationToken)
    {
        AuthChallenge? bearer = challenges.Find(static c => c.Scheme == "bearer");
        if (bearer is not null && _credentials.RegistryToken.Length == 0)
        {
            string token = await _tokens.GetAsync(_host, bearer, _scope, _credentials, cancellationToken);
            return new AuthenticationHeaderValue("Bearer", token);
        }

        return _credentials.HasBasic && challenges.Exists(static c => c.Scheme == "basic")
            ? new AuthenticationHeaderValue("Basic", _credentials.BasicParameter)
            : null;
    }
}
