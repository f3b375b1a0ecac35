// SPDX-License-Identifier: Apache-2.0
using System.Text.Json.Serialization;
using Gantry.Oci.Image;
using Gantry.Storage.Records;

namespace Gantry.Storage.Leases;

/// <summary>What somebody is about to use: content digests and chain ids alike.</summary>
internal sealed record LeaseRecord
{
    public required DateTimeOffset ExpiresAt { get; init; }

    public IReadOnlyList<Digest> Digests { get; init; } = [];
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LeaseRecord))]
internal sealed partial class LeaseJson : JsonSerializerContext;

/// <summary>Keeps the collector away from things that no image record names yet.</summary>
/// <remarks>
/// A lease lives in memory as long as its owner. When the owner failed, or the daemon died, it stays on disk until it
/// expires, so that the next attempt finds what this one has fetched.
/// </remarks>
public sealed class LeaseStore
{
    /// <summary>How long the work of a failed or interrupted pull is kept for the next attempt.</summary>
    public static readonly TimeSpan KeepAfterFailure = TimeSpan.FromHours(1);

    private readonly RecordStore<LeaseRecord> _records;
    private readonly TimeProvider _clock;
    private readonly Lock _gate = new();
    private readonly HashSet<Lease> _active = [];

    private LeaseStore(RecordStore<LeaseRecord> records, TimeProvider clock)
    {
        _records = records;
        _clock = clock;
    }

    /// <param name="root">The daemon's root directory.</param>
    public static LeaseStore Open(string root, TimeProvider clock) =>
        new(RecordStore.Open(Path.Combine(root, "leases"), LeaseJson.Default.LeaseRecord, 1, RecordDurability.Process), clock);

    public Lease Acquire()
    {
        var lease = new Lease(this, Guid.NewGuid().ToString("N"));
        lock (_gate)
        {
            _active.Add(lease);
        }

        return lease;
    }

    /// <summary>
    /// Runs a collection while no lease can be taken or widened: what is not leased then, and not named by a record that
    /// was written before its lease ended, is garbage. Keep it short: rename here, delete afterwards.
    /// </summary>
    /// <param name="collect">Gets everything that is leased.</param>
    public void WhileHeld(Action<IReadOnlySet<Digest>> collect)
    {
        ArgumentNullException.ThrowIfNull(collect);
        lock (_gate)
        {
            collect(Leased());
        }
    }

    internal void Add(Lease lease, IEnumerable<Digest> digests)
    {
        lock (_gate)
        {
            lease.Held.UnionWith(digests);
            Store(lease);
        }
    }

    /// <param name="keep">Leave it on disk until it expires.</param>
    internal void End(Lease lease, bool keep)
    {
        lock (_gate)
        {
            if (_active.Remove(lease) && !keep)
            {
                _records.Remove(lease.Id);
            }
        }
    }

    private void Store(Lease lease) => _records.Put(
        lease.Id,
        new LeaseRecord { ExpiresAt = _clock.GetUtcNow() + KeepAfterFailure, Digests = [.. lease.Held] });

    private HashSet<Digest> Leased()
    {
        var leased = new HashSet<Digest>();
        foreach (Lease lease in _active)
        {
            leased.UnionWith(lease.Held);
        }

        DateTimeOffset now = _clock.GetUtcNow();
        foreach ((string id, StoredRecord<LeaseRecord> record) in _records.All)
        {
            if (record.Value.ExpiresAt > now)
            {
                leased.UnionWith(record.Value.Digests);
            }
            else if (!_active.Any(l => l.Id == id))
            {
                _records.Remove(id);
            }
        }

        return leased;
    }
}

/// <summary>One owner's claim. Disposed without <see cref="Complete"/>, it lasts until it expires.</summary>
public sealed class Lease : IDisposable
{
    private readonly LeaseStore _store;

    internal Lease(LeaseStore store, string id)
    {
        _store = store;
        Id = id;
    }

    public string Id { get; }

    internal HashSet<Digest> Held { get; } = [];

    /// <summary>Claims content digests or chain ids. Only afterwards is it worth asking whether they are there.</summary>
    public void Add(params IEnumerable<Digest> digests) => _store.Add(this, digests);

    /// <summary>The claim is over: a record names everything now.</summary>
    public void Complete() => _store.End(this, keep: false);

    public void Dispose() => _store.End(this, keep: true);
}
