// SPDX-License-Identifier: Apache-2.0
using Gantry.Network.Builtin;

namespace Gantry.Network.Tests.Builtin;

public sealed class PodLinkNameTests
{
    /// <summary>Seen with two daemons on one node: the second's recovery deleted the first one's interfaces.</summary>
    [Theory]
    [InlineData("gantry0", true)]
    [InlineData("gantry1", false)]
    [InlineData("0", false)]
    public void A_link_belongs_to_the_daemon_of_its_bridge(string bridge, bool own) =>
        Assert.Equal(own, PodLink.IsOf(bridge, PodLink.Alias("0123abcd", "gantry0")));
}
