// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop.Namespaces;
using Gantry.Interop.Netlink;
using Gantry.Interop.Nftables;

namespace Gantry.Interop.Tests.Namespaces;

public sealed class NetworkNamespaceTests : IDisposable
{
    private readonly string _pin = Path.Combine(Path.GetTempPath(), "gantry-pin-" + Guid.NewGuid().ToString("N"));

    [Fact]
    public void A_new_namespace_holds_loopback_alone_and_the_callers_is_left_as_it_was()
    {
        string before = Own();
        (OwnedFd created, RouteSocket inside) = NetworkNamespace.Create(RouteSocket.Open);
        using (created)
        using (inside)
        {
            Assert.NotNull(inside.FindLink("lo"));
            Assert.Null(inside.FindLink("gantry-none"));
            Assert.NotEqual(before, NetworkNamespace.Run(created, Own));
            Assert.Equal(before, Own());
        }
    }

    [Fact]
    public void A_pin_keeps_a_namespace_until_it_is_taken_away()
    {
        (OwnedFd created, string identity) = NetworkNamespace.Create(Own);
        NetworkNamespace.Pin(created, _pin);
        created.Dispose();

        using (OwnedFd opened = NetworkNamespace.Open(_pin))
        {
            Assert.Equal(identity, NetworkNamespace.Run(opened, Own));
        }

        NetworkNamespace.Unpin(_pin);
        NetworkNamespace.Unpin(_pin);
        Assert.False(File.Exists(_pin));
    }

    [Fact]
    public void A_file_that_is_no_namespace_is_refused()
    {
        File.WriteAllText(_pin, "");

        SyscallException error = Assert.Throws<SyscallException>(() => NetworkNamespace.Open(_pin));

        Assert.Equal(_pin, error.Subject);
    }

    [Fact]
    public void What_the_kernel_says_about_a_refusal_is_in_the_exception()
    {
        (OwnedFd created, RouteSocket inside) = NetworkNamespace.Create(RouteSocket.Open);
        using (created)
        using (inside)
        {
            SyscallException error = Assert.Throws<SyscallException>(
                () => inside.Execute(new RouteBatch().AddRoute(null, 0, System.Net.IPAddress.Parse("192.0.2.1"), 1)));

            Assert.Contains("route default via 192.0.2.1", error.Message, StringComparison.Ordinal);
            Assert.Contains("\"", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_refused_change_does_not_stop_the_rest_of_its_batch()
    {
        (OwnedFd created, RouteSocket inside) = NetworkNamespace.Create(RouteSocket.Open);
        using (created)
        using (inside)
        {
            Assert.Throws<SyscallException>(() => inside.Execute(new RouteBatch().SetUp("none0").SetUp("lo")));

            Assert.True(inside.FindLink("lo")!.Up);
        }
    }

    [Fact]
    public void Nft_works_inside_a_namespace_and_a_failed_transaction_changes_nothing()
    {
        (OwnedFd created, NftContext nft) = NetworkNamespace.Create(static () => new NftContext());
        using (created)
        using (nft)
        {
            nft.Run("add table inet a");
            NftException error = Assert.Throws<NftException>(() => nft.Run("add table inet b\nadd rule inet b missing accept"));

            Assert.Contains("missing", error.Message, StringComparison.Ordinal);
            Assert.Equal("table inet a {\n}\n", nft.Run("list ruleset"));
        }
    }

    public void Dispose() => NetworkNamespace.Unpin(_pin);

    private static string Own() => new FileInfo("/proc/thread-self/ns/net").LinkTarget!;
}
