// SPDX-License-Identifier: Apache-2.0
using Gantry.Oci.Runtime;
using Process = System.Diagnostics.Process;

namespace Gantry.Cgroups.Tests;

public sealed class OomTests
{
    private const long Limit = 16 << 20;
    private const string Glutton = "x=$(head -c 200000000 /dev/zero | tr '\\0' a); echo survived";

    [Fact]
    public void A_kill_for_memory_is_signalled_and_counted()
    {
        using TestCgroup test = new();
        Assert.SkipWhen(test.Group.DirectoryOf("memory") is null, "no memory controller");
        test.Group.Apply(Limited());
        using OomEvents events = test.Group.OpenOomEvents();
        bool before = events.Drain();

        Process process = test.Start(Glutton);
        process.WaitForExit();

        Assert.False(before);
        Assert.NotEqual(0, process.ExitCode);
        Assert.True(events.Drain());
        Assert.InRange(test.Group.ReadOomKills(), 1UL, 10UL);
    }

    [Fact]
    public void A_kill_in_a_group_below_counts_for_the_group_above()
    {
        using TestCgroup test = new();
        Assert.SkipWhen(test.Group.DirectoryOf("memory") is null, "no memory controller");
        using Cgroup pod = Cgroup.TryOpen(test.Hierarchies, test.Path[..test.Path.LastIndexOf('/')])!;
        test.Group.Apply(Limited());

        test.Start(Glutton).WaitForExit();

        Assert.InRange(pod.ReadOomKills(), 1UL, 10UL);
    }

    [Fact]
    public void Removing_the_group_signals_too_on_v1()
    {
        using TestCgroup test = new();
        Assert.SkipWhen(test.IsUnified, "inotify on a control file does not tell of its removal");
        Assert.SkipWhen(test.Group.DirectoryOf("memory") is null, "no memory controller");
        using OomEvents events = test.Group.OpenOomEvents();

        Cgroup.Delete(test.Hierarchies, test.Path, TimeSpan.FromSeconds(5));

        Assert.True(SpinWait.SpinUntil(events.Drain, TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public void A_quiet_group_counts_nothing()
    {
        using TestCgroup test = new();

        Assert.Equal(0UL, test.Group.ReadOomKills());
    }

    private static LinuxResources Limited() => new() { Memory = new LinuxMemory { Limit = Limit, Swap = Limit } };
}
