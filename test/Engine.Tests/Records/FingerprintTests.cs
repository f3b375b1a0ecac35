// SPDX-License-Identifier: Apache-2.0
using CsCheck;
using Gantry.Engine.Pods;
using Gantry.Engine.Records;
using Gantry.Engine.Tests.Kit;

namespace Gantry.Engine.Tests.Records;

public sealed class FingerprintTests
{
    [Fact]
    public void The_order_of_a_map_does_not_count_but_its_content_does() =>
        Gen.Dictionary(Gen.String[1, 4], Gen.String[0, 4]).Sample(map =>
        {
            PodConfig forward = EngineRig.Pod() with { Annotations = map };
            PodConfig backward = EngineRig.Pod() with { Annotations = map.Reverse().ToDictionary() };
            PodConfig more = EngineRig.Pod() with { Annotations = new Dictionary<string, string>(map) { ["another key"] = "" } };

            return Print(forward) == Print(backward) && Print(forward) != Print(more);
        });

    [Fact]
    public void The_order_of_a_list_counts()
    {
        PodConfig one = EngineRig.Pod() with { Dns = new DnsConfig { Servers = ["a", "b"] } };
        PodConfig other = EngineRig.Pod() with { Dns = new DnsConfig { Servers = ["b", "a"] } };

        Assert.NotEqual(Print(one), Print(other));
    }

    private static string Print(PodConfig config) => Fingerprint.Of(config, EngineJson.Default.PodConfig);
}
