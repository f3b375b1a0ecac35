// SPDX-License-Identifier: Apache-2.0
using Gantry.Kit;
using Gantry.Oci.Image;
using Gantry.Storage.Leases;

namespace Gantry.Storage.Tests.Leases;

public sealed class LeaseStoreTests : IDisposable
{
    private static readonly Digest s_digest = Digest.Of("x"u8);
    private readonly TempRoot _root = new();
    private readonly SetClock _clock = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void A_lease_holds_until_it_is_complete()
    {
        LeaseStore store = Open();
        Lease lease = store.Acquire();
        lease.Add(s_digest);
        _clock.Now += TimeSpan.FromDays(2);
        Assert.Contains(s_digest, Held(store));

        lease.Complete();
        lease.Dispose();

        Assert.DoesNotContain(s_digest, Held(store));
        Assert.DoesNotContain(s_digest, Held(Open()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_a_failed_owner_leased_is_kept_for_an_hour_even_over_a_restart(bool restart)
    {
        LeaseStore store = Open();
        using (Lease lease = store.Acquire())
        {
            lease.Add(s_digest);
        }

        store = restart ? Open() : store;
        _clock.Now += LeaseStore.KeepAfterFailure - TimeSpan.FromSeconds(1);
        Assert.Contains(s_digest, Held(store));
        _clock.Now += TimeSpan.FromSeconds(2);
        Assert.DoesNotContain(s_digest, Held(store));
        Assert.Empty(Directory.GetFiles(Path.Combine(_root.Path, "leases")));
    }

    private static HashSet<Digest> Held(LeaseStore store)
    {
        HashSet<Digest> held = [];
        store.WhileHeld(leased => held = [.. leased]);
        return held;
    }

    private LeaseStore Open() => LeaseStore.Open(_root.Path, _clock);

    private sealed class SetClock : TimeProvider
    {
        internal DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch.AddYears(50);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
