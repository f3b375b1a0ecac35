// SPDX-License-Identifier: Apache-2.0
using System.Runtime.ExceptionServices;
using Gantry.Images.Distribution;
using Gantry.Images.Unpack;
using Gantry.Oci.Image;
using Gantry.Storage;
using Gantry.Storage.Content;
using Gantry.Storage.Records;
using Gantry.Storage.Snapshots;

namespace Gantry.Images.Pulling;

/// <summary>Brings layers into the snapshot store: each once, several at a time, committed from the bottom up.</summary>
internal sealed class LayerPuller : IDisposable
{
    private readonly ContentStore _content;
    private readonly SnapshotStore _snapshots;
    private readonly RecordStore<LayerInfo> _infos;
    private readonly UnpackLimits _limits;
    private readonly SemaphoreSlim _slots;
    private readonly TimeProvider _clock;
    private readonly SharedWork<Digest, bool> _layers = new();
    private readonly KeyedLock<Digest> _blobs = new();

    internal LayerPuller(
        ContentStore content, SnapshotStore snapshots, RecordStore<LayerInfo> infos, ImageServiceOptions options)
    {
        _content = content;
        _snapshots = snapshots;
        _infos = infos;
        _limits = options.UnpackLimits;
        _slots = new SemaphoreSlim(options.MaxParallelLayers);
        _clock = options.Clock;
    }

    /// <summary>Makes sure that all layers are there.</summary>
    /// <exception cref="ImageException">One layer failed; the others were stopped.</exception>
    internal async Task PullAllAsync(LayerPlan plan, IProgress<PullProgress> progress, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ExceptionDispatchInfo? first = null;
        async Task GuardAsync(int index)
        {
            try
            {
                await EnsureAsync(plan, index, progress, stop.Token);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref first, ExceptionDispatchInfo.Capture(e), null);
                await stop.CancelAsync();
            }
        }

        // The lowest is asked for first, so that it gets the first slot: the others wait for it in the end.
        await Task.WhenAll(Enumerable.Range(0, plan.Layers.Count).Select(GuardAsync).ToArray());
        cancellationToken.ThrowIfCancellationRequested();
        first?.Throw();
    }

    public void Dispose() => _slots.Dispose();

    private async Task EnsureAsync(LayerPlan plan, int index, IProgress<PullProgress>? progress, CancellationToken cancellationToken)
    {
        SharedResult<bool> result = await JoinAsync(plan, index, progress, cancellationToken);
        if (result is { Failure: not null, Started: false })
        {
            // Somebody else's attempt failed, maybe for lack of credentials or at another registry: try with our own.
            result = await JoinAsync(plan, index, progress, cancellationToken);
        }

        if (result.Failure is not null)
        {
            ExceptionDispatchInfo.Throw(result.Failure);
        }
    }

    private Task<SharedResult<bool>> JoinAsync(LayerPlan plan, int index, IProgress<PullProgress>? progress, CancellationToken cancellationToken) =>
        _layers.RunAsync(plan.ChainIds[index], (hub, token) => PullOneAsync(plan, index, hub, token), progress, cancellationToken);

    private async Task<bool> PullOneAsync(LayerPlan plan, int index, IProgress<PullProgress> progress, CancellationToken cancellationToken)
    {
        Descriptor layer = plan.Layers[index];
        if (_snapshots.HasLayer(plan.ChainIds[index]))
        {
            progress.Report(new PullProgress(layer.Digest, PullPhase.Exists, layer.Size, layer.Size));
            return true;
        }

        progress.Report(new PullProgress(layer.Digest, PullPhase.Waiting, 0, layer.Size));
        (LayerStaging staging, UnpackResult unpacked) = await TakeInAsync(plan, index, progress, cancellationToken);
        using (staging)
        {
            if (index > 0)
            {
                await EnsureAsync(plan, index - 1, null, cancellationToken);
                LowerDirectories.Adopt(
                    staging.Directory, unpacked.ImplicitDirectories, _snapshots.LayerPaths([.. plan.ChainIds.Take(index)]));
            }

            cancellationToken.ThrowIfCancellationRequested();
            _infos.Put(ImagesJson.KeyOf(plan.ChainIds[index]), new LayerInfo(unpacked.Bytes, unpacked.Entries));
            staging.Commit();
        }

        progress.Report(new PullProgress(layer.Digest, PullPhase.Done, layer.Size, layer.Size));
        return true;
    }

    /// <summary>Stages the layer. When what an earlier attempt left turns out damaged, it is fetched anew once.</summary>
    private async Task<(LayerStaging Staging, UnpackResult Unpacked)> TakeInAsync(
        LayerPlan plan, int index, IProgress<PullProgress> progress, CancellationToken cancellationToken)
    {
        Digest digest = plan.Layers[index].Digest;
        while (true)
        {
            bool leftovers = _content.Contains(digest) || _content.PartialSize(digest) > 0;
            LayerStaging staging = _snapshots.StageLayer(plan.ChainIds[index]);
            try
            {
                return (staging, await StageAsync(plan, index, staging, progress, cancellationToken));
            }
            catch (ImageException e) when (e.Error == ImageError.Corrupt && leftovers)
            {
                staging.Dispose();
            }
            catch
            {
                staging.Dispose();
                throw;
            }
        }
    }

    private async Task<UnpackResult> StageAsync(
        LayerPlan plan, int index, LayerStaging staging, IProgress<PullProgress> progress, CancellationToken cancellationToken)
    {
        Descriptor layer = plan.Layers[index];
        using IDisposable blob = await _blobs.EnterAsync(layer.Digest, cancellationToken);
        await _slots.WaitAsync(cancellationToken);
        try
        {
            return _content.Contains(layer.Digest, layer.Size)
                ? await UnpackStoredAsync(plan, index, staging, progress, cancellationToken)
                : await DownloadAsync(plan, index, staging, progress, cancellationToken);
        }
        catch (Exception e) when (PullFailures.Map(e, $"layer {layer.Digest}", _content.Root, layer.Size) is ImageException mapped)
        {
            if (mapped.Error == ImageError.Corrupt)
            {
                // Nothing of a layer that failed a check is kept, neither the blob nor, with the staging, the files.
                _content.Discard(layer.Digest);
                _content.DiscardPartial(layer.Digest);
            }

            throw ReferenceEquals(mapped, e) ? e : mapped;
        }
        finally
        {
            _slots.Release();
        }
    }

    private async Task<UnpackResult> DownloadAsync(
        LayerPlan plan, int index, LayerStaging staging, IProgress<PullProgress> progress, CancellationToken cancellationToken)
    {
        Descriptor layer = plan.Layers[index];
        using BlobIngest ingest = _content.Begin(layer.Digest, layer.Size);
        using var download = new BlobDownload(plan.Session, layer, ingest.Offset);
        var meter = new DownloadMeter(layer, progress, _clock);
        var source = new LayerSource(
            async (buffer, token) =>
            {
                int count = await download.ReadAsync(buffer, token);
                meter.At(download.Offset);
                return count;
            },
            ingest.Append,
            ingest.Commit)
        {
            Replay = buffer => ingest.Replay(buffer.Span),
        };
        return await LayerPipeline.RunAsync(source, layer, plan.DiffIds[index], staging.Directory, _limits, cancellationToken);
    }

    /// <summary>The compressed layer is here, its files are not: the same pass without the network.</summary>
    private async Task<UnpackResult> UnpackStoredAsync(
        LayerPlan plan, int index, LayerStaging staging, IProgress<PullProgress> progress, CancellationToken cancellationToken)
    {
        Descriptor layer = plan.Layers[index];
        progress.Report(new PullProgress(layer.Digest, PullPhase.Unpacking, layer.Size, layer.Size));
        await using FileStream file = _content.OpenRead(layer.Digest);
        using var check = new BlobCheck(layer.Digest);
        var source = new LayerSource(file.ReadAsync, check.Append, check.Finish);
        return await LayerPipeline.RunAsync(source, layer, plan.DiffIds[index], staging.Directory, _limits, cancellationToken);
    }
}
