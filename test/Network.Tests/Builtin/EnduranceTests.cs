// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using Gantry.Network.Tests.Kit;

namespace Gantry.Network.Tests.Builtin;

/// <summary>Alone, because it counts the process's descriptors and measures time.</summary>
[Collection("alone")]
public sealed class EnduranceTests
{
    private const int Rounds = 1000;
    private const int AtOnce = 8;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_thousand_pods_come_and_go_without_a_leak()
    {
        using TestNode node = new();
        using CancellationTokenSource stop = new();
        Task background = node.Network.RunAsync(stop.Token);
        using TestPod keeper = await node.StartPodAsync();
        string rules = node.Nft("list ruleset");
        int links = node.HostRoute.Links().Count;
        string[] descriptors = Descriptors();

        await Parallel.ForEachAsync(
            Enumerable.Range(0, Rounds),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = Token },
            async (i, token) =>
            {
                PortMapping[] ports = i % 5 == 0 ? [new PortMapping { HostPort = 20_000 + i, ContainerPort = 80 }] : [];
                using TestPod pod = await node.StartPodAsync(ports);
                await node.Network.DetachAsync(pod.Record, token);
            });

        await Until(() => node.HostRoute.Links().Count - links, "links");
        await Until(() => Reservations(node) - 2, "addresses");
        Assert.Equal(rules, node.Nft("list ruleset"));
        string[] left = Descriptors();
        Assert.True(left.Length <= descriptors.Length + 4, $"before: {string.Join(' ', descriptors)}\nafter: {string.Join(' ', left)}");
        await stop.CancelAsync();
        await background;
    }

    [Fact]
    public async Task Attaching_takes_milliseconds()
    {
        const int count = 200;
        using TestNode node = new();
        using TestPod warm = await node.StartPodAsync();
        List<double> attach = [];
        List<double> detach = [];
        for (int i = 0; i < count; i++)
        {
            long begin = Stopwatch.GetTimestamp();
            TestPod pod = await node.StartPodAsync();
            attach.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
            begin = Stopwatch.GetTimestamp();
            await node.Network.DetachAsync(pod.Record, Token);
            pod.Dispose();
            detach.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        }

        attach.Sort();
        detach.Sort();
        string figures = $"attach min {attach[0]:0.00} median {attach[count / 2]:0.00} p90 {attach[count * 9 / 10]:0.00} ms, "
            + $"detach min {detach[0]:0.000} median {detach[count / 2]:0.000} ms";
        TestContext.Current.SendDiagnosticMessage(figures);
        if (Environment.GetEnvironmentVariable("GANTRY_FIGURES") is string path)
        {
            await File.AppendAllTextAsync(path, figures + "\n", Token);
        }

        // A loose bound: machines that run tests are busy. The promised figure is measured by the benchmarks.
        Assert.True(attach[0] < 20, figures);
    }

    private static string[] Descriptors() =>
        [.. new DirectoryInfo("/proc/self/fd").EnumerateFileSystemInfos().Select(static f => f.LinkTarget).OfType<string>().Order(StringComparer.Ordinal)];

    private static int Reservations(TestNode node) =>
        Directory.EnumerateFileSystemEntries(Directory.EnumerateDirectories(Path.Combine(node.Root, "run", "addresses")).Single()).Count();

    private static async Task Until(Func<int> surplus, string what)
    {
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(50));
        for (int ticks = 0; surplus() != 0; ticks++)
        {
            Assert.True(ticks < 1200, $"{surplus()} {what} too many after a minute");
            await timer.WaitForNextTickAsync(Token);
        }
    }
}

[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class Alone;
