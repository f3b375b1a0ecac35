// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using Gantry.Engine.Containers;
using Gantry.Engine.Pods;
using Gantry.Engine.Tests.Kit;

namespace Gantry.Engine.Tests;

/// <summary>Lists are over 90 % of a node's calls. SPECIFICATION.md promises a list of 100 pods in under 1 ms, gRPC included.</summary>
public sealed class ListSpeedTests
{
    private const int Pods = 100;
    private static readonly TimeSpan s_promised = TimeSpan.FromMilliseconds(1);

    [Fact]
    public async Task A_hundred_pods_are_listed_in_a_fraction_of_a_millisecond_while_one_of_them_is_stuck()
    {
        await using EngineRig rig = await EngineRig.StartAsync();
        for (int i = 0; i < Pods; i++)
        {
            await rig.CreateAsync(await rig.RunPodAsync("p" + i), "c");
        }

        TaskCompletionSource gate = rig.World.Hold("detach");
        Task stuck = rig.Pods.StopAsync(rig.Pods.List(new PodFilter())[0].Id, CancellationToken.None);

        // The fastest of many: the machine may do other things meanwhile.
        TimeSpan best = TimeSpan.MaxValue;
        for (int i = 0; i < 500; i++)
        {
            long begin = Stopwatch.GetTimestamp();
            Assert.Equal(Pods, rig.Containers.List(new ContainerFilter()).Count);
            Assert.Equal(Pods, rig.Pods.List(new PodFilter()).Count);
            TimeSpan elapsed = Stopwatch.GetElapsedTime(begin);
            best = elapsed < best ? elapsed : best;
        }

        gate.SetResult();
        await stuck.Soon();
        TestContext.Current.TestOutputHelper?.WriteLine($"{best.TotalMicroseconds:F0} us");
        Assert.True(best < s_promised, $"{best.TotalMicroseconds:F0} us");
    }
}
