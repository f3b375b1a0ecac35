// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using System.Globalization;

namespace Gantry.Monitor.Tests.Pods;

/// <summary>SPECIFICATION.md: a monitor costs at most 2.5 MB PSS with 100 pods. Needs the published program.</summary>
public sealed class FootprintTests
{
    private const int KibibyteLimit = 2500;

    [Fact]
    public async Task A_monitor_with_one_container_stays_small()
    {
        Assert.SkipUnless(TestPod.Published is not null, "no published gantry-monitor: make programs");
        int count = Environment.GetEnvironmentVariable("GANTRY_LONG") == "1" ? 100 : 10;
        List<TestPod> pods = [];
        try
        {
            List<double> ready = [];
            for (int i = 0; i < count; i++)
            {
                long begin = Stopwatch.GetTimestamp();
                pods.Add(await TestPod.StartAsync());
                ready.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
                await pods[i].RunAsync("echo up; exec sleep 100000");
            }

            await Task.Delay(TimeSpan.FromSeconds(3), TestPod.Token); // idle: memory is given back after two seconds
            long[] pss = [.. pods.Select(static pod => Read(pod.Client.Pid, "Pss:"))];
            long[] dirty = [.. pods.Select(static pod => Read(pod.Client.Pid, "Private_Dirty:"))];
            ready.Sort();

            TestContext.Current.TestOutputHelper!.WriteLine(
                $"{count} pods: PSS {pss.Average():F0} KiB, private dirty {dirty.Average():F0} KiB; start to configured {ready[0]:F1} / {ready[count / 2]:F1} ms (least, median)");
            Assert.InRange(dirty.Average(), 0, KibibyteLimit);
            if (count == 100)
            {
                Assert.InRange(pss.Average(), 0, KibibyteLimit);
            }
        }
        finally
        {
            foreach (TestPod pod in pods)
            {
                await pod.DisposeAsync();
            }
        }
    }

    private static long Read(int pid, string field)
    {
        string line = File.ReadLines($"/proc/{pid}/smaps_rollup").Single(l => l.StartsWith(field, StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
