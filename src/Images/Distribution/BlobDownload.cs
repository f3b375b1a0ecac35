// SPDX-License-Identifier: Apache-2.0
using System.Net;
using Gantry.Oci.Image;

namespace Gantry.Images.Distribution;

/// <summary>The bytes of a blob from an offset on. A broken or stalled connection is taken up again where it broke.</summary>
internal sealed class BlobDownload : IDisposable
{
    private const int MaxFailures = 6;
    private static readonly TimeSpan s_stall = TimeSpan.FromSeconds(60);
    private static readonly string[] s_accept = ["*/*"];

    private readonly RegistrySession _session;
    private readonly Descriptor _blob;
    private HttpResponseMessage? _response;
    private Stream? _body;
    private CancellationTokenSource? _stall;
    private RegistryHost? _host;
    private int _failures;

    internal BlobDownload(RegistrySession session, Descriptor blob, long offset)
    {
        _session = session;
        _blob = blob;
        Offset = offset;
    }

    /// <value>Bytes of the blob that have been read, those before the start included.</value>
    internal long Offset { get; private set; }

    /// <summary>Reads the next bytes.</summary>
    /// <returns>0 at the end of the blob, which is at its size exactly.</returns>
    /// <exception cref="ImageException">
    /// <see cref="ImageError.Unavailable"/> after several failures without a byte between them; <see cref="ImageError.Corrupt"/>: longer than it should be.
    /// </exception>
    internal async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (Offset < _blob.Size)
        {
            try
            {
                if (_body is null)
                {
                    await OpenAsync(cancellationToken);
                }

                int wanted = (int)Math.Min(buffer.Length, _blob.Size - Offset);
                int count = await ReadOnceAsync(buffer[..wanted], cancellationToken);
                if (count > 0)
                {
                    Offset += count;
                    _failures = 0;
                    return count;
                }

                throw new IOException($"the connection ended after {Offset} of {_blob.Size} bytes");
            }
            catch (Exception e) when (e is IOException or HttpRequestException or ImageException { Error: ImageError.Unavailable })
            {
                await BackOffAsync(e, cancellationToken);
            }
        }

        Close();
        return 0;
    }

    public void Dispose() => Close();

    private async ValueTask<int> ReadOnceAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        _stall!.CancelAfter(s_stall);
        try
        {
            return await _body!.ReadAsync(buffer, _stall.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"no data for {s_stall.TotalSeconds} s", e);
        }
    }

    private async Task BackOffAsync(Exception cause, CancellationToken cancellationToken)
    {
        Close();
        if (++_failures >= MaxFailures)
        {
            throw cause as ImageException ?? RegistryErrors.Unreachable(_host ?? _session.Hosts[^1], $"blob {_session.Reference.Name} {_blob.Digest}", cause);
        }

        await Task.Delay(TimeSpan.FromMilliseconds(100 << Math.Min(_failures, 5)), _session.Clock, cancellationToken);
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        _response = await _session.FirstAsync(
            HostCapabilities.Pull,
            $"blob {_session.Reference.Name} {_blob.Digest}",
            OpenAtAsync,
            cancellationToken);
        _stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _body = await _response.Content.ReadAsStreamAsync(cancellationToken);
        if (_response.StatusCode != HttpStatusCode.PartialContent)
        {
            await SkipAsync(Offset, cancellationToken);
        }
    }

    private async Task<HttpResponseMessage> OpenAtAsync(RegistryHost host, CancellationToken cancellationToken)
    {
        _host = host;
        HttpResponseMessage response = await _session.SendAsync(
            host, HttpMethod.Get, $"blobs/{_blob.Digest}", s_accept, Offset, cancellationToken);
        bool partial = response.StatusCode == HttpStatusCode.PartialContent;
        long? from = response.Content.Headers.ContentRange?.From;
        long? length = response.Content.Headers.ContentLength;
        bool fits = partial
            ? from == Offset && (length is null || length == _blob.Size - Offset)
            : length is null || length == _blob.Size;
        if (!fits)
        {
            response.Dispose();
            throw new ImageException(
                ImageError.Corrupt,
                $"blob {_session.Reference.Name} {_blob.Digest}: {host.Name} sends {length} bytes from {from ?? 0}, the manifest says {_blob.Size} and {(partial ? Offset : 0)} was asked for")
            {
                Host = host.Name,
            };
        }

        return response;
    }

    /// <summary>For a server that does not know ranges: reads what is here already.</summary>
    private async Task SkipAsync(long count, CancellationToken cancellationToken)
    {
        byte[] scratch = count > 0 ? new byte[64 * 1024] : [];
        while (count > 0)
        {
            int got = await ReadOnceAsync(scratch.AsMemory(0, (int)Math.Min(scratch.Length, count)), cancellationToken);
            count -= got > 0 ? got : throw new IOException("the connection ended before the place where the last one broke");
        }
    }

    private void Close()
    {
        _body?.Dispose();
        _body = null;
        _response?.Dispose();
        _response = null;
        _stall?.Dispose();
        _stall = null;
    }
}
