// SPDX-License-Identifier: Apache-2.0
using System.Security.Cryptography;
using System.Text;
using Gantry.MonitorApi;
using Gantry.MonitorApi.Client;

namespace Gantry.Monitor.Tests.Pods;

/// <summary>Pods whose containers share a PID namespace. The init is a copy of the published program.</summary>
public sealed class SharedPidTests
{
    [Fact]
    public async Task Containers_see_each_other_below_an_init_of_ours_that_collects_orphans()
    {
        SkipUnlessPublished();
        await using TestPod pod = await TestPod.StartAsync(NamespaceSource.Pod);
        string first = await pod.RunAsync("sleep 1111");
        string second = await pod.RunAsync("sleep 2222");

        await pod.ExecAsync(first, "orphan", null, "sh", "-c", "sh -c 'sleep 0.1 &'");
        await TestPod.UntilAsync(async () =>
        {
            // Without the loop's own cat: sleep, dead or alive, is gone when init has collected it.
            string stats = Encoding.UTF8.GetString((await pod.ExecAsync(second, "stats", null, "sh", "-c", "cat /proc/[0-9]*/stat")).Stdout);
            return stats.Split("(sleep)").Length == 3 && !stats.Contains(") Z ", StringComparison.Ordinal);
        });
        string list = Encoding.UTF8.GetString((await pod.ExecAsync(second, "list", null, "ps", "-o", "pid,args")).Stdout);

        Assert.Contains("    1 gantry-init init", list, StringComparison.Ordinal);
        Assert.Contains("sleep 1111", list, StringComparison.Ordinal);
        Assert.Contains("sleep 2222", list, StringComparison.Ordinal);
        await pod.Client.DeleteAsync(first, TestPod.Token);
        Assert.Equal(0, (await pod.ExecAsync(second, "still", null, "true")).ExitCode);
    }

    [Fact]
    public async Task The_init_that_a_container_sees_is_no_file_of_the_host_CVE_2019_5736()
    {
        SkipUnlessPublished();
        byte[] before = SHA256.HashData(await File.ReadAllBytesAsync(TestPod.Program, TestPod.Token));
        await using TestPod pod = await TestPod.StartAsync(NamespaceSource.Pod);
        string id = await pod.RunAsync("sleep 1111");

        ExecOutput write = await pod.ExecAsync(id, "write", null, "sh", "-c", "echo broken > /proc/1/exe; ls /proc/1/root/ && ls -A /proc/1/root/ | head -n 3; cat /proc/1/maps");
        ExecOutput script = await pod.ExecAsync(id, "script", null, "sh", "-c", "printf '#!/proc/self/exe\\n' > /s; chmod +x /s 2>/dev/null; /s; echo $?");

        Assert.DoesNotContain("gantry-monitor", Encoding.UTF8.GetString(write.Stdout), StringComparison.Ordinal);
        Assert.DoesNotContain("usr", Encoding.UTF8.GetString(write.Stdout), StringComparison.Ordinal);
        Assert.Equal(0, script.ExitCode);
        Assert.Equal(before, SHA256.HashData(await File.ReadAllBytesAsync(TestPod.Program, TestPod.Token)));
    }

    private static void SkipUnlessPublished() => Assert.SkipUnless(
        TestPod.Published is not null, "no published gantry-monitor: make programs");
}
