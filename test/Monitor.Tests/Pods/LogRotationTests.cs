// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Gantry.Monitor.Tests.Pods;

public sealed class LogRotationTests
{
    private const int Reopens = 20;

    [Fact]
    public async Task Twenty_reopens_under_load_lose_and_tear_nothing()
    {
        const int Lines = 2_400_000; // 103 MB of text
        await using TestPod pod = await TestPod.StartAsync();
        string id = await pod.RunAsync($"awk 'BEGIN {{ for (i = 1; i <= {Lines}; i++) printf \"%08d the quick brown fox jumps over it\\n\", i }}'");
        List<string> files = [];

        for (int i = 0; i < Reopens; i++)
        {
            string rotated = $"{pod.LogPath(id)}.{i}";
            long size = new FileInfo(pod.LogPath(id)).Length;
            await TestPod.UntilAsync(() => Task.FromResult(
                size != new FileInfo(pod.LogPath(id)).Length || File.Exists(Path.Combine(pod.Directory, "exits", id + ".json"))));

            File.Move(pod.LogPath(id), rotated);
            files.Add(rotated);
            try
            {
                await pod.Client.ReopenLogAsync(id, TestPod.Token);
            }
            catch (MonitorApi.MonitorException)
            {
                break; // it has ended
            }
        }

        Assert.Equal(0, (await pod.ExitOfAsync(id)).ExitCode);
        if (File.Exists(pod.LogPath(id)))
        {
            files.Add(pod.LogPath(id));
        }

        Assert.True(files.Count > 5, $"only {files.Count} files: the container was too fast");
        int expected = 1;
        foreach (string line in files.SelectMany(File.ReadLines))
        {
            Assert.Equal($"Z stdout F {(expected++).ToString("D8", CultureInfo.InvariantCulture)} the quick brown fox jumps over it", line[29..]);
        }

        Assert.Equal(Lines + 1, expected);
    }
}
