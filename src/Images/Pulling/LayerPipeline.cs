// SPDX-License-Identifier: Apache-2.0
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Gantry.Images.Unpack;
using Gantry.Oci.Image;
using ZstdSharp;

namespace Gantry.Images.Pulling;

internal delegate void ByteSink(ReadOnlySpan<byte> bytes);

/// <summary>A compressed layer on its way in.</summary>
/// <param name="ReadAsync">Next bytes; 0 at the end.</param>
/// <param name="Sink">Sees the compressed bytes on a thread of its own; keeps and hashes them.</param>
/// <param name="Finish">After the last byte: checks the digest.</param>
internal sealed record LayerSource(
    Func<Memory<byte>, CancellationToken, ValueTask<int>> ReadAsync, ByteSink Sink, Action Finish)
{
    /// <summary>Bytes that are here from an earlier attempt, handed out before the others; they do not go to the sink.</summary>
    internal Func<Memory<byte>, int> Replay { get; init; } = static _ => 0;
}

/// <summary>One pass over a layer: network, digest and file, inflate, diff id, unpack; each on its own thread.</summary>
internal sealed class LayerPipeline : IDisposable
{
    private const int QueueLength = 16;
    private readonly SegmentPool _pool = new();
    private readonly SegmentQueue _toSink = new(QueueLength);
    private readonly SegmentQueue _compressed = new(QueueLength);
    private readonly SegmentQueue _toHash = new(QueueLength);
    private readonly SegmentQueue _tar = new(QueueLength);
    private readonly Descriptor _layer;
    private readonly Digest _diffId;
    private readonly LayerCompression _compression;

    private LayerPipeline(Descriptor layer, Digest diffId)
    {
        _layer = layer;
        _diffId = diffId;
        _compression = MediaTypes.CompressionOf(layer.MediaType) ?? LayerCompression.None;
    }

    private string Name => $"layer {_layer.Digest}";

    /// <summary>Takes the layer in. When it returns, both digests were right and <paramref name="target"/> holds all of it.</summary>
    /// <exception cref="ImageException"><see cref="ImageError.Corrupt"/>.</exception>
    internal static async Task<UnpackResult> RunAsync(
        LayerSource source, Descriptor layer, Digest diffId, SafeHandle target, UnpackLimits limits, CancellationToken cancellationToken)
    {
        using var pipeline = new LayerPipeline(layer, diffId);
        using var stages = new Stages(cancellationToken);
        return await pipeline.RunAsync(stages, source, target, limits);
    }

    public void Dispose()
    {
        _toSink.Dispose();
        _compressed.Dispose();
        _toHash.Dispose();
        _tar.Dispose();
    }

    private async Task<UnpackResult> RunAsync(Stages stages, LayerSource source, SafeHandle target, UnpackLimits limits)
    {
        UnpackResult? result = null;
        bool plain = _compression == LayerCompression.None;
        if (plain && _diffId.Algorithm == _layer.Digest.Algorithm && _diffId != _layer.Digest)
        {
            throw Corrupt($"is not compressed, but its diff id is {_diffId}");
        }

        stages.Start("layer-blob", () => KeepBytes(source, stages.Stop));
        if (!plain)
        {
            stages.Start("layer-inflate", () => Inflate(stages.Stop));
        }

        stages.Start("layer-diffid", () => CheckDiffId(stages.Stop));
        stages.Start("layer-unpack", () => result = Unpack(target, limits, stages.Stop));
        await stages.RunAsync(() => ReadAllAsync(source, plain, stages.Stop));
        return result!;
    }

    /// <summary>The network's stage. A plain layer goes to the last stages without a detour.</summary>
    private async Task ReadAllAsync(LayerSource source, bool plain, CancellationToken stop)
    {
        SegmentQueue[] inward = plain ? [_toHash, _tar] : [_compressed];
        Segment segment = _pool.Rent();
        while ((segment.Length = source.Replay(segment.Buffer)) > 0)
        {
            await SendAsync(segment, inward, stop);
            segment = _pool.Rent();
        }

        SegmentQueue[] all = [_toSink, .. inward];
        while ((segment.Length = await source.ReadAsync(segment.Buffer, stop)) > 0)
        {
            await SendAsync(segment, all, stop);
            segment = _pool.Rent();
        }

        foreach (SegmentQueue queue in all)
        {
            queue.Complete();
        }
    }

    private static async ValueTask SendAsync(Segment segment, SegmentQueue[] queues, CancellationToken stop)
    {
        segment.HeldBy(queues.Length);
        foreach (SegmentQueue queue in queues)
        {
            await queue.AddAsync(segment, stop);
        }
    }

    private void KeepBytes(LayerSource source, CancellationToken stop)
    {
        while (_toSink.Take(stop) is Segment segment)
        {
            source.Sink(segment.Bytes);
            segment.Release();
        }

        source.Finish();
    }

    private void Inflate(CancellationToken stop)
    {
        using var compressed = new SegmentStream(_compressed, stop);
        RequireMagic(compressed.Peek());
        using Stream inflated = _compression == LayerCompression.Gzip
            ? new GZipStream(compressed, CompressionMode.Decompress)
            : new DecompressionStream(compressed);
        SegmentQueue[] queues = [_toHash, _tar];
        while (true)
        {
            Segment segment = _pool.Rent();
            segment.Length = inflated.Read(segment.Buffer);
            if (segment.Length == 0)
            {
                break;
            }

            segment.HeldBy(queues.Length);
            foreach (SegmentQueue queue in queues)
            {
                queue.Add(segment, stop);
            }
        }

        compressed.Drain();
        _toHash.Complete();
        _tar.Complete();
    }

    private void CheckDiffId(CancellationToken stop)
    {
        using var hash = IncrementalHash.CreateHash(
            _diffId.Algorithm == DigestAlgorithm.Sha256 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA512);
        while (_toHash.Take(stop) is Segment segment)
        {
            hash.AppendData(segment.Bytes);
            segment.Release();
        }

        var actual = Digest.FromHash(_diffId.Algorithm, hash.GetHashAndReset());
        if (actual != _diffId)
        {
            throw Corrupt($"its content has diff id {actual}, the image's configuration says {_diffId}");
        }
    }

    private UnpackResult Unpack(SafeHandle target, UnpackLimits limits, CancellationToken stop)
    {
        using var tar = new SegmentStream(_tar, stop);
        if (_compression == LayerCompression.None)
        {
            RequireMagic(tar.Peek());
        }

        // This thread is ours alone, and the unpacker reads synchronously: nothing else waits for it.
        UnpackResult result = LayerUnpacker.UnpackAsync(tar, target, limits, stop).GetAwaiter().GetResult();
        tar.Drain();
        return result;
    }

    /// <summary>What the content is must be what the media type says.</summary>
    private void RequireMagic(ReadOnlySpan<byte> start)
    {
        LayerCompression found = Sniff(start);
        if (found != _compression)
        {
            throw Corrupt($"media type \"{_layer.MediaType}\", but the content is {Words(found)}");
        }
    }

    private static LayerCompression Sniff(ReadOnlySpan<byte> start) =>
        start.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]) ? LayerCompression.Gzip
        : start.StartsWith((ReadOnlySpan<byte>)[0x28, 0xb5, 0x2f, 0xfd]) || IsSkippableFrame(start) ? LayerCompression.Zstd
        : LayerCompression.None;

    // RFC 8878, section 3.1.2: zstd:chunked images begin with data frames, but a skippable frame may come first.
    private static bool IsSkippableFrame(ReadOnlySpan<byte> start) =>
        start.Length >= 4 && (start[0] & 0xf0) == 0x50 && start[1..4].SequenceEqual((ReadOnlySpan<byte>)[0x2a, 0x4d, 0x18]);

    private static string Words(LayerCompression found) => found switch
    {
        LayerCompression.Gzip => "gzip",
        LayerCompression.Zstd => "zstd",
        _ => "not compressed",
    };

    private ImageException Corrupt(string message) => new(ImageError.Corrupt, $"{Name}: {message}");
}
