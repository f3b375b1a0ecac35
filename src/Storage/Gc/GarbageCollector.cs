// SPDX-License-Identifier: Apache-2.0
using Gantry.Oci.Image;
using Gantry.Storage.Content;
using Gantry.Storage.Leases;
using Gantry.Storage.Snapshots;

namespace Gantry.Storage.Gc;

/// <summary>What a collection removed and what stood in its way.</summary>
/// <param name="FreedBytes">Bytes of content; layers are not counted here.</param>
/// <param name="Blobs">Complete and unfinished ones.</param>
/// <param name="Layers">Chain ids that were removed.</param>
/// <param name="Errors">One message per object that could not be removed; the rest was done.</param>
public sealed record CollectionResult(long FreedBytes, int Blobs, IReadOnlyList<Digest> Layers, IReadOnlyList<string> Errors);

/// <summary>Removes what no image record, lease or container names.</summary>
/// <remarks>
/// Marking and renaming away happen while no lease can be taken. A pull leases a digest before it looks whether it is
/// there, and ends the lease after its record is written: so nothing that is needed is ever seen without a claim.
/// </remarks>
public sealed class GarbageCollector
{
    private readonly ContentStore _content;
    private readonly SnapshotStore _snapshots;
    private readonly LeaseStore _leases;
    private readonly Func<IEnumerable<Digest>> _roots;

    /// <param name="roots">Content digests and chain ids that records name; asked anew at each collection.</param>
    public GarbageCollector(ContentStore content, SnapshotStore snapshots, LeaseStore leases, Func<IEnumerable<Digest>> roots)
    {
        _content = content;
        _snapshots = snapshots;
        _leases = leases;
        _roots = roots;
    }

    /// <summary>Collects. Goes on after an error with one object.</summary>
    public CollectionResult Collect()
    {
        var sweep = new Sweep();
        _leases.WhileHeld(leased =>
        {
            // Leases first, records second: a pull writes its record before it ends its lease.
            var used = new HashSet<Digest>(leased);
            used.UnionWith(_roots());
            used.UnionWith(_snapshots.UsedLayers());
            SweepContent(used, sweep);
            SweepLayers(used, sweep);
        });
        sweep.Try("content trash", () =>
        {
            _content.EmptyTrash();
            return 0;
        });
        return sweep.Result;
    }

    private void SweepContent(HashSet<Digest> used, Sweep sweep)
    {
        foreach (BlobInfo blob in _content.List().Where(b => !used.Contains(b.Digest)))
        {
            sweep.Blob(blob.Digest, () => _content.Discard(blob.Digest));
        }

        foreach (BlobInfo blob in _content.ListPartial().Where(b => !used.Contains(b.Digest)))
        {
            sweep.Blob(blob.Digest, () => _content.DiscardPartial(blob.Digest));
        }
    }

    private void SweepLayers(HashSet<Digest> used, Sweep sweep)
    {
        foreach (Digest layer in _snapshots.Layers().Where(l => !used.Contains(l)))
        {
            sweep.Layer(layer, () => _snapshots.RemoveLayer(layer));
        }
    }

    private sealed class Sweep
    {
        private readonly List<string> _errors = [];
        private readonly List<Digest> _layers = [];
        private long _bytes;
        private int _blobs;

        internal CollectionResult Result => new(_bytes, _blobs, _layers, _errors);

        internal void Blob(Digest digest, Func<long> discard)
        {
            if (Try($"content {digest}", discard))
            {
                _blobs++;
            }
        }

        internal void Layer(Digest chainId, Action remove)
        {
            bool removed = Try($"layer {chainId}", () =>
            {
                remove();
                return 0;
            });
            if (removed)
            {
                _layers.Add(chainId);
            }
        }

        internal bool Try(string subject, Func<long> remove)
        {
            try
            {
                _bytes += remove();
                return true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _errors.Add($"{subject}: {e.Message}");
                return false;
            }
        }
    }
}
