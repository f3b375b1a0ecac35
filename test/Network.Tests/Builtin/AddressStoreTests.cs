// SPDX-License-Identifier: Apache-2.0
using System.Net;
using CsCheck;
using Gantry.Network.Builtin;

namespace Gantry.Network.Tests.Builtin;

public sealed class AddressStoreTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("gantry-ipam-").FullName;

    [Theory]
    [InlineData("10.0.0.0/30", 1UL)]
    [InlineData("10.0.0.0/24", 253UL)]
    [InlineData("10.88.0.0/16", 65533UL)]
    [InlineData("fd00::/124", 14UL)]
    [InlineData("fd00::/64", 1UL << 32)]
    public void A_pool_hands_out_neither_network_nor_gateway_nor_broadcast(string prefix, ulong count)
    {
        IpPool pool = IpPool.Parse(prefix, "test");

        Assert.Equal(count, pool.Count);
        Assert.NotEqual(pool.Gateway, pool.At(0));
        Assert.True(pool.Contains(pool.At(count - 1)));
        Assert.Equal(prefix, pool.ToString());
    }

    [Theory]
    [InlineData("10.0.0.0")]
    [InlineData("10.0.0.0/31")]
    [InlineData("10.0.0.0/7")]
    [InlineData("fd00::/125")]
    [InlineData("fd00::/47")]
    [InlineData("10.0.0.0/+8")]
    [InlineData("10.0.0/24x")]
    [InlineData("")]
    [InlineData("10/8")]
    [InlineData("010.0.0.0/8")]
    [InlineData("[fd00::]/64")]
    [InlineData("fd00::%1/64")]
    public void A_pool_of_another_size_or_form_is_refused(string prefix) =>
        Assert.Throws<NetworkException>(() => IpPool.Parse(prefix, "test"));

    [Fact]
    public void A_freed_address_is_used_again_last()
    {
        AddressStore store = new(_directory, "boot");
        IpPool pool = IpPool.Parse("10.0.0.0/29", "test");
        IPAddress first = store.Take(pool, "a")!;
        store.Release("a", DateTimeOffset.UnixEpoch);
        store.Free("a");

        List<IPAddress?> next = [.. Enumerable.Range(0, 5).Select(i => store.Take(pool, $"p{i}"))];

        Assert.Equal("10.0.0.2", first.ToString());
        Assert.Equal(["10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.2"], next.Select(static a => a!.ToString()));
        Assert.Null(store.Take(pool, "late"));
    }

    [Fact]
    public void A_released_address_stays_taken_until_it_is_freed()
    {
        AddressStore store = new(_directory, "boot");
        IpPool pool = IpPool.Parse("10.0.0.0/30", "test");
        store.Take(pool, "a");
        store.Release("a", DateTimeOffset.UnixEpoch);

        Assert.Null(store.Take(pool, "b"));
        store.Free("a");
        Assert.NotNull(store.Take(pool, "b"));
    }

    [Fact]
    public void After_a_reboot_everything_is_free_and_the_old_files_are_gone()
    {
        IpPool pool = IpPool.Parse("10.0.0.0/30", "test");
        new AddressStore(_directory, "boot-1").Take(pool, "a");

        AddressStore store = new(_directory, "boot-2");

        Assert.Empty(store.Owners());
        Assert.NotNull(store.Take(pool, "b"));
        Assert.Equal(["boot-2"], Directory.EnumerateDirectories(_directory).Select(Path.GetFileName));
    }

    /// <summary>
    /// The store is thrown away and opened again between any two operations, as a crash would do it. The model is what
    /// the kernel would have: an interface that lives, with its address.
    /// </summary>
    [Fact]
    public void No_crash_lets_two_living_pods_hold_one_address() =>
        Gen.Int[0, 99].Array[1, 60].Sample(
            steps =>
            {
                string directory = Path.Combine(_directory, Guid.NewGuid().ToString("N"));
                IpPool pool = IpPool.Parse("10.0.0.0/29", "test");
                AddressStore store = new(directory, "boot");
                Dictionary<string, IPAddress> living = [];
                int number = 0;
                foreach (int step in steps)
                {
                    if (step < 50)
                    {
                        string pod = $"p{number++}";
                        if (store.Take(pool, pod) is IPAddress address)
                        {
                            Assert.DoesNotContain(address, living.Values);
                            living[pod] = address;
                        }
                        else
                        {
                            Assert.Equal((int)pool.Count, living.Count);
                        }
                    }
                    else if (step < 80 && living.Count > 0)
                    {
                        string pod = living.Keys.ElementAt(step % living.Count);
                        store.Release(pod, DateTimeOffset.UnixEpoch);
                        living.Remove(pod);
                        store.Free(pod);
                    }
                    else
                    {
                        store = new AddressStore(directory, "boot");
                        Assert.Superset(living.Keys.ToHashSet(), store.Owners().ToHashSet());
                    }
                }

                Directory.Delete(directory, recursive: true);
            },
            iter: 200);

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
