// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using Gantry.Engine.Containers;

namespace Gantry.Integration.Tests;

/// <summary>Many pods, some at once. GANTRY_LONG=1 runs a thousand.</summary>
public sealed class EnduranceTests
{
    private const int AtOnce = 10;

    [Fact]
    public async Task Pods_made_and_removed_in_a_row_leave_nothing()
    {
        int pods = Environment.GetEnvironmentVariable("GANTRY_LONG") == "1" ? 1000 : 20;
        await using TestNode node = await TestNode.StartAsync();
        long begin = Stopwatch.GetTimestamp();

        await Parallel.ForAsync(0, pods, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = TestNode.Token }, async (_, _) =>
        {
            string pod = await node.RunPodAsync();
            string container = await node.StartContainerAsync(pod, "echo here; sleep 100");
            Assert.Equal(ContainerState.Running, node.Engine.Containers.Status(container).State);
            await node.Engine.Pods.StopAsync(pod, TestNode.Token);
            await node.Engine.Pods.RemoveAsync(pod, TestNode.Token);
        });

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{pods} pods in {Stopwatch.GetElapsedTime(begin).TotalSeconds:F1} s; {GC.GetTotalMemory(true) >> 10} KiB managed");
        await node.AssertNoLeaksAsync();
    }
}
