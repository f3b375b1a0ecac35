// SPDX-License-Identifier: Apache-2.0
using Gantry.Oci.Image;
using Gantry.Storage;
using Gantry.Storage.Content;
using Gantry.Storage.Leases;

namespace Gantry.Images.Distribution;

/// <summary>A manifest or index with its bytes, checked against its digest.</summary>
internal sealed record RegistryDocument(Digest Digest, string MediaType, ReadOnlyMemory<byte> Content);

/// <summary>Finds what a reference names and reads documents, from the store when they are there.</summary>
internal sealed class ManifestClient
{
    private static readonly string[] s_accept =
    [
        MediaTypes.OciIndex,
        MediaTypes.DockerList,
        MediaTypes.OciManifest,
        MediaTypes.DockerManifest,
    ];

    private static readonly string[] s_acceptBlob = ["*/*"];
    private readonly RegistrySession _session;
    private readonly ContentStore _content;

    internal ManifestClient(RegistrySession session, ContentStore content)
    {
        _session = session;
        _content = content;
    }

    /// <summary>Asks the registry what the reference names now. Always asks: it also decides whether we may have it.</summary>
    internal Task<Digest> ResolveAsync(Lease lease, CancellationToken cancellationToken)
    {
        ImageReference reference = _session.Reference;
        string path = "manifests/" + (reference.Digest.IsEmpty ? reference.Tag : reference.Digest.ToString());
        return _session.FirstAsync(
            reference.Digest.IsEmpty ? HostCapabilities.Resolve : HostCapabilities.Pull,
            $"manifest {reference}",
            (host, token) => ResolveAtAsync(host, path, lease, token),
            cancellationToken);
    }

    /// <summary>The document with this digest.</summary>
    /// <param name="expectedType">What the index said; <see langword="null"/>: nothing did.</param>
    internal async Task<RegistryDocument> GetAsync(Digest digest, string? expectedType, CancellationToken cancellationToken)
    {
        if (Stored(digest) is byte[] stored)
        {
            return new RegistryDocument(digest, Check(stored, null, expectedType), stored);
        }

        RegistryDocument document = await _session.FirstAsync(
            HostCapabilities.Pull,
            $"manifest {_session.Reference.Name} {digest}",
            (host, token) => GetAtAsync(host, digest, expectedType, token),
            cancellationToken);
        _content.Write(digest, document.Content.Span);
        return document;
    }

    /// <summary>A small blob: the image's configuration.</summary>
    internal async Task<ReadOnlyMemory<byte>> GetBlobAsync(Descriptor blob, CancellationToken cancellationToken)
    {
        if (Stored(blob.Digest) is byte[] stored && stored.Length == blob.Size)
        {
            return stored;
        }

        byte[] bytes = await _session.FirstAsync(
            HostCapabilities.Pull,
            $"blob {_session.Reference.Name} {blob.Digest}",
            (host, token) => GetBlobAtAsync(host, blob, token),
            cancellationToken);
        _content.Write(blob.Digest, bytes);
        return bytes;
    }

    /// <returns><see langword="null"/> when it is not here, or was damaged and is not here any more.</returns>
    private byte[]? Stored(Digest digest)
    {
        try
        {
            return _content.Contains(digest) ? _content.Read(digest, ImageDocument.MaxBytes) : null;
        }
        catch (StorageException e) when (e.Error is StorageError.Corrupt or StorageError.NotFound)
        {
            return null;
        }
    }

    private async Task<Digest> ResolveAtAsync(RegistryHost host, string path, Lease lease, CancellationToken cancellationToken)
    {
        Digest wanted = _session.Reference.Digest;
        using (HttpResponseMessage head = await HeadAsync(host, path, cancellationToken))
        {
            if (head.IsSuccessStatusCode && (!wanted.IsEmpty || Header(head) is { IsEmpty: false }))
            {
                return wanted.IsEmpty ? Header(head) : wanted;
            }
        }

        // Some registries answer HEAD without a digest: then the bytes decide, and they are kept.
        using HttpResponseMessage response = await _session.SendAsync(host, HttpMethod.Get, path, s_accept, 0, cancellationToken);
        byte[] body = await ReadAsync(host, response, cancellationToken);
        Digest digest = wanted.IsEmpty ? Digest.Of(body) : wanted;
        Verify(host, digest, body);
        Guarded(() => Check(body, ContentType(response), null), host);
        lease.Add(digest);
        _content.Write(digest, body);
        return digest;
    }

    private async Task<HttpResponseMessage> HeadAsync(RegistryHost host, string path, CancellationToken cancellationToken)
    {
        try
        {
            return await _session.SendAsync(host, HttpMethod.Head, path, s_accept, 0, cancellationToken);
        }
        catch (ImageException e) when (e.StatusCode is 400 or 405 or 501)
        {
            return new HttpResponseMessage((System.Net.HttpStatusCode)e.StatusCode);
        }
        catch (ImageException e) when (e.StatusCode is 404 or 401 or 403)
        {
            // The answer to HEAD has no body: ask again for the registry's own words.
            using HttpResponseMessage _ = await _session.SendAsync(host, HttpMethod.Get, path, s_accept, 0, cancellationToken);
            return new HttpResponseMessage(System.Net.HttpStatusCode.NotFound);
        }
    }

    private async Task<RegistryDocument> GetAtAsync(
        RegistryHost host, Digest digest, string? expectedType, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await _session.SendAsync(
            host, HttpMethod.Get, $"manifests/{digest}", s_accept, 0, cancellationToken);
        byte[] body = await ReadAsync(host, response, cancellationToken);
        Verify(host, digest, body);
        string type = Guarded(() => Check(body, ContentType(response), expectedType), host);
        return new RegistryDocument(digest, type, body);
    }

    private async Task<byte[]> GetBlobAtAsync(RegistryHost host, Descriptor blob, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await _session.SendAsync(
            host, HttpMethod.Get, $"blobs/{blob.Digest}", s_acceptBlob, 0, cancellationToken);
        byte[] body = await ReadAsync(host, response, cancellationToken);
        Verify(host, blob.Digest, body);
        return body.Length == blob.Size
            ? body
            : throw Corrupt(host, $"blob {blob.Digest}: {body.Length} bytes, the manifest says {blob.Size}");
    }

    private async Task<byte[]> ReadAsync(RegistryHost host, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            return await RegistryErrors.ReadBoundedAsync(response.Content, ImageDocument.MaxBytes, cancellationToken)
                ?? throw Corrupt(host, $"document of {_session.Reference}: more than {ImageDocument.MaxBytes} bytes");
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw RegistryErrors.Unreachable(host, $"document of {_session.Reference}", e);
        }
    }

    private void Verify(RegistryHost host, Digest digest, byte[] body)
    {
        Digest actual = Digest.Of(digest.Algorithm, body);
        if (actual != digest)
        {
            throw Corrupt(host, $"{_session.Reference.Name}: content {digest} was asked for, what arrived has digest {actual}");
        }
    }

    private static string Check(ReadOnlyMemory<byte> body, string? contentType, string? expectedType)
    {
        string type = ImageDocument.MediaTypeOf(body, contentType ?? expectedType);
        return expectedType is null || expectedType == type
            ? type
            : throw new ImageDocumentException($"mediaType \"{type}\" is not what the index says, \"{expectedType}\"");
    }

    private T Guarded<T>(Func<T> read, RegistryHost host)
    {
        try
        {
            return read();
        }
        catch (ImageDocumentException e)
        {
            throw new ImageException(
                e.Unsupported ? ImageError.Unsupported : ImageError.Corrupt, $"{_session.Reference} from {host.Name}: {e.Message}", e)
            {
                Host = host.Name,
            };
        }
    }

    private static ImageException Corrupt(RegistryHost host, string message) =>
        new(ImageError.Corrupt, $"{message} (from {host.Name})") { Host = host.Name };

    private static string? ContentType(HttpResponseMessage response) => response.Content.Headers.ContentType?.MediaType;

    private static Digest Header(HttpResponseMessage response) =>
        response.Headers.TryGetValues("Docker-Content-Digest", out IEnumerable<string>? values)
        && Digest.TryParse(values.FirstOrDefault(), out Digest digest)
            ? digest
            : default;
}
