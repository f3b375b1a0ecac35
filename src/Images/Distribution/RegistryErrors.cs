// SPDX-License-Identifier: Apache-2.0
using System.Net;
using System.Text;
using System.Text.Json;

namespace Gantry.Images.Distribution;

/// <summary>Makes an error of a registry's answer: host, status, and what the body says, bounded.</summary>
internal static class RegistryErrors
{
    private const int MaxBodyBytes = 64 * 1024;
    private const int MaxMessage = 512;
    private static readonly TimeSpan s_bodyTimeout = TimeSpan.FromSeconds(60);

    /// <param name="what">What was asked for, such as <c>manifest docker.io/library/x:latest</c>.</param>
    internal static async Task<ImageException> FromAsync(
        HttpResponseMessage response, RegistryHost host, string what, CancellationToken cancellationToken)
    {
        int status = (int)response.StatusCode;
        string detail = await ReadDetailAsync(response, cancellationToken);
        string message = $"{what}: {host.Name} answered {status} {Reason(response)}" + (detail.Length == 0 ? "" : $": {detail}");
        return new ImageException(Kind(response.StatusCode), message) { Host = host.Name, StatusCode = status };
    }

    internal static ImageException Unreachable(RegistryHost host, string what, Exception cause) =>
        new(ImageError.Unavailable, $"{what}: {host.Name}: {Deepest(cause)}", cause) { Host = host.Name };

    /// <summary>One error for all hosts that were tried. What the registry itself says decides the kind.</summary>
    internal static ImageException Combine(IReadOnlyList<(RegistryHost Host, ImageException Error)> failures)
    {
        ImageException main = failures.LastOrDefault(static f => f.Host.IsUpstream).Error ?? failures[^1].Error;
        return failures.Count == 1
            ? main
            : new ImageException(main.Error, string.Join("; ", failures.Select(static f => f.Error.Message)), main)
            {
                Host = main.Host,
                StatusCode = main.StatusCode,
            };
    }

    /// <summary>Reads a body up to a limit.</summary>
    /// <returns><see langword="null"/> when it is longer.</returns>
    /// <exception cref="IOException">It broke off, or was not here in a minute: it is small.</exception>
    internal static async Task<byte[]?> ReadBoundedAsync(HttpContent content, int maxBytes, CancellationToken cancellationToken)
    {
        if (content.Headers.ContentLength > maxBytes)
        {
            return null;
        }

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(s_bodyTimeout);
        try
        {
            return await ReadToEndAsync(content, maxBytes, timeout.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"no whole answer in {s_bodyTimeout.TotalSeconds} s", e);
        }
    }

    private static async Task<byte[]?> ReadToEndAsync(HttpContent content, int maxBytes, CancellationToken cancellationToken)
    {
        await using Stream body = await content.ReadAsStreamAsync(cancellationToken);
        using var buffer = new MemoryStream();
        byte[] chunk = new byte[16 * 1024];
        int count;
        while ((count = await body.ReadAsync(chunk, cancellationToken)) > 0)
        {
            if (buffer.Length + count > maxBytes)
            {
                return null;
            }

            buffer.Write(chunk, 0, count);
        }

        return buffer.ToArray();
    }

    private static ImageError Kind(HttpStatusCode status) => status switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => ImageError.Unauthorized,
        HttpStatusCode.NotFound or HttpStatusCode.Gone => ImageError.NotFound,
        _ => ImageError.Unavailable,
    };

    private static string Reason(HttpResponseMessage response) =>
        Clean(string.IsNullOrEmpty(response.ReasonPhrase) ? response.StatusCode.ToString() : response.ReasonPhrase);

    private static async Task<string> ReadDetailAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            byte[]? body = await ReadBoundedAsync(response.Content, MaxBodyBytes, cancellationToken);
            return body is null or { Length: 0 } ? ""
                : response.Content.Headers.ContentType?.MediaType == "text/plain" ? Clean(Encoding.UTF8.GetString(body))
                : Describe(body);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            return "";
        }
    }

    /// <summary>The <c>errors</c> of the distribution specification; a token server's <c>details</c>; anything else is left out.</summary>
    private static string Describe(byte[] body)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 16 });
            JsonElement root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return "";
            }

            if (root.TryGetProperty("errors", out JsonElement errors) && errors.ValueKind == JsonValueKind.Array)
            {
                return Clean(string.Join(", ", errors.EnumerateArray().Take(5).Select(static e => $"{Text(e, "code")}: {Text(e, "message")}")));
            }

            return Clean(Text(root, "details") is { Length: > 0 } details ? details : Text(root, "error_description"));
        }
        catch (JsonException)
        {
            // Not the registry's own form (a proxy's page): the status has to do.
            return "";
        }
    }

    private static string Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString() ?? ""
            : "";

    private static string Clean(string text)
    {
        var clean = new StringBuilder(Math.Min(text.Length, MaxMessage));
        foreach (char c in text.Length > MaxMessage ? text.AsSpan(0, MaxMessage) : text.AsSpan())
        {
            clean.Append(char.IsControl(c) ? ' ' : c);
        }

        return clean.ToString().Trim();
    }

    private static string Deepest(Exception cause)
    {
        Exception deepest = cause;
        while (deepest.InnerException is not null)
        {
            deepest = deepest.InnerException;
        }

        return ReferenceEquals(deepest, cause) ? Clean(cause.Message) : Clean($"{cause.Message}: {deepest.Message}");
    }
}
