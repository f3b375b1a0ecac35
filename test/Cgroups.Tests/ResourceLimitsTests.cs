// SPDX-License-Identifier: Apache-2.0
using Gantry.Oci.Runtime;

namespace Gantry.Cgroups.Tests;

/// <summary>What was asked for is read back from the kernel. File names are those of v1 where the node is not unified.</summary>
public sealed class ResourceLimitsTests
{
    private const long Megabyte = 1 << 20;

    [Fact]
    public void Cpu_shares_quota_period_and_burst_arrive()
    {
        using TestCgroup test = new();

        test.Group.Apply(new LinuxResources { Cpu = new LinuxCpu { Shares = 512, Quota = 20_000, Period = 50_000, Burst = 5_000 } });

        if (test.IsUnified)
        {
            Assert.Equal("20000 50000", test.Read("cpu", "cpu.max"));
            Assert.Equal("5000", test.Read("cpu", "cpu.max.burst"));
            Assert.Equal("59", test.Read("cpu", "cpu.weight"));
            return;
        }

        Assert.Equal("512", test.Read("cpu", "cpu.shares"));
        Assert.Equal("20000", test.Read("cpu", "cpu.cfs_quota_us"));
        Assert.Equal("50000", test.Read("cpu", "cpu.cfs_period_us"));
        Assert.Equal("5000", test.Read("cpu", "cpu.cfs_burst_us"));
    }

    [Fact]
    public void A_period_that_only_fits_the_new_quota_is_taken()
    {
        using TestCgroup test = new();
        using Cgroup pod = Cgroup.TryOpen(test.Hierarchies, Parent(test.Path))!;
        pod.Apply(Cpu(new LinuxCpu { Quota = 50_000, Period = 100_000 }));
        test.Group.Apply(Cpu(new LinuxCpu { Quota = 40_000, Period = 100_000 }));

        test.Group.Apply(Cpu(new LinuxCpu { Quota = 2_000, Period = 10_000 }));

        Assert.Equal(test.IsUnified ? "2000 10000" : "2000", test.Read("cpu", test.IsUnified ? "cpu.max" : "cpu.cfs_quota_us"));
    }

    [Fact]
    public void A_quota_of_minus_one_is_no_limit()
    {
        using TestCgroup test = new();
        test.Group.Apply(Cpu(new LinuxCpu { Quota = 20_000, Period = 50_000 }));

        test.Group.Apply(Cpu(new LinuxCpu { Quota = -1 }));

        Assert.Equal(test.IsUnified ? "max 50000" : "-1", test.Read("cpu", test.IsUnified ? "cpu.max" : "cpu.cfs_quota_us"));
    }

    [Fact]
    public void An_idle_group_keeps_no_weight()
    {
        using TestCgroup test = new();
        Assert.SkipWhen(test.Group.DirectoryOf("cpu")?.TryRead("cpu.idle") is null, "kernel before 5.15");

        test.Group.Apply(Cpu(new LinuxCpu { Idle = 1, Shares = 1024 }));
        string idle = test.Read("cpu", "cpu.idle");
        test.Group.Apply(Cpu(new LinuxCpu { Idle = 0, Shares = 1024 }));

        Assert.Equal("1", idle);
        Assert.Equal("0", test.Read("cpu", "cpu.idle"));
    }

    [Fact]
    public void Cpus_and_nodes_arrive()
    {
        using TestCgroup test = new();

        test.Group.Apply(Cpu(new LinuxCpu { Cpus = "0", Mems = "0" }));

        Assert.Equal("0", test.Read("cpuset", "cpuset.cpus"));
        Assert.Equal("0", test.Read("cpuset", "cpuset.mems"));
    }

    [Fact]
    public void Cpus_that_the_node_lacks_are_an_error_that_names_them()
    {
        using TestCgroup test = new();
        Assert.SkipWhen(test.IsUnified, "cgroup v2 accepts any list");

        var error = Assert.Throws<CgroupException>(() => test.Group.Apply(Cpu(new LinuxCpu { Cpus = "8000" })));

        Assert.Equal("linux.resources.cpu.cpus", error.Field);
        Assert.Equal("8000", error.Value);
    }

    [Theory]
    [InlineData(64, 128, 32, 32)] // lower
    [InlineData(32, 32, 64, 128)] // raise
    [InlineData(64, 64, 32, 256)]
    [InlineData(64, -1, 128, 128)]
    public void Memory_and_swap_change_in_either_direction(long limit, long swap, long newLimit, long newSwap)
    {
        using TestCgroup test = new();
        Assert.SkipUnless(test.Hierarchies.CountsSwap, "swap is not counted");
        test.Group.Apply(Memory(limit, swap));

        test.Group.Apply(Memory(newLimit, newSwap));

        Assert.Equal($"{newLimit * Megabyte}", test.Read("memory", test.IsUnified ? "memory.max" : "memory.limit_in_bytes"));
        Assert.Equal(
            $"{(test.IsUnified ? newSwap - newLimit : newSwap) * Megabyte}",
            test.Read("memory", test.IsUnified ? "memory.swap.max" : "memory.memsw.limit_in_bytes"));
    }

    [Fact]
    public void Memory_can_be_unlimited_again()
    {
        using TestCgroup test = new();
        test.Group.Apply(Memory(64, 64));

        test.Group.Apply(new LinuxResources { Memory = new LinuxMemory { Limit = -1 } });

        string limit = test.Read("memory", test.IsUnified ? "memory.max" : "memory.limit_in_bytes");
        Assert.True(limit == "max" || ulong.Parse(limit) > 1UL << 60, limit);
    }

    [Fact]
    public void Reservation_and_swappiness_arrive()
    {
        using TestCgroup test = new();

        test.Group.Apply(new LinuxResources
        {
            Memory = new LinuxMemory { Limit = 64 * Megabyte, Reservation = 32 * Megabyte, Swappiness = 10, DisableOomKiller = !test.IsUnified },
        });

        Assert.Equal($"{32 * Megabyte}", test.Read("memory", test.IsUnified ? "memory.low" : "memory.soft_limit_in_bytes"));
        Assert.SkipWhen(test.IsUnified, "v2 has no more of these");
        Assert.Equal("10", test.Read("memory", "memory.swappiness"));
        Assert.Contains("oom_kill_disable 1", test.Read("memory", "memory.oom_control"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_limit_below_the_usage_is_refused_when_asked_to_check()
    {
        using TestCgroup test = new();
        test.Start("x=$(head -c 20000000 /dev/zero | tr '\\0' a); echo ready; sleep 60").StandardOutput.ReadLine();

        var error = Assert.Throws<CgroupException>(() => test.Group.Apply(
            new LinuxResources { Memory = new LinuxMemory { Limit = 4096, CheckBeforeUpdate = true } }));

        Assert.Equal("linux.resources.memory.limit", error.Field);
    }

    [Theory]
    [InlineData(100, "100")]
    [InlineData(-1, "max")]
    [InlineData(0, "1")]
    public void A_limit_of_processes_arrives(long limit, string expected)
    {
        using TestCgroup test = new();

        test.Group.Apply(new LinuxResources { Pids = new LinuxPids { Limit = limit } });

        Assert.Equal(expected, test.Read("pids", "pids.max"));
    }

    [Fact]
    public void Throttles_of_a_block_device_arrive()
    {
        using TestCgroup test = new();
        string? device = Directory.GetDirectories("/sys/block").Select(d => File.ReadAllText(d + "/dev").Trim()).FirstOrDefault();
        Assert.SkipWhen(device is null || test.Group.DirectoryOf("blkio") is null, "no block device or controller");
        long[] numbers = device.Split(':').Select(long.Parse).ToArray();
        LinuxThrottleDevice[] limit = [new() { Major = numbers[0], Minor = numbers[1], Rate = 1_000_000 }];

        test.Group.Apply(new LinuxResources { BlockIo = new LinuxBlockIo { ThrottleReadBpsDevice = limit, ThrottleWriteIopsDevice = limit } });

        Assert.Contains("1000000", test.Read("blkio", test.IsUnified ? "io.max" : "blkio.throttle.read_bps_device"), StringComparison.Ordinal);
        Assert.Contains("1000000", test.Read("blkio", test.IsUnified ? "io.max" : "blkio.throttle.write_iops_device"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_weight_for_block_io_arrives()
    {
        using TestCgroup test = new();
        string[] files = test.IsUnified ? ["io.bfq.weight", "io.weight"] : ["blkio.weight", "blkio.bfq.weight"];
        string? file = Array.Find(files, f => test.Group.DirectoryOf("blkio")?.TryRead(f) is not null);
        Assert.SkipWhen(file is null, "the kernel knows no weights");

        test.Group.Apply(new LinuxResources { BlockIo = new LinuxBlockIo { Weight = 500 } });

        Assert.Contains(file == "io.weight" ? "4950" : "500", test.Read("blkio", file), StringComparison.Ordinal);
    }

    [Fact]
    public void A_limit_without_its_controller_is_an_error_that_names_both()
    {
        using TestCgroup test = new();
        Assert.SkipWhen(test.Group.DirectoryOf("hugetlb") is not null, "the node has the controller");

        var error = Assert.Throws<CgroupException>(() => test.Group.Apply(
            new LinuxResources { HugepageLimits = [new LinuxHugepageLimit { PageSize = "2MB", Limit = 0 }] }));

        Assert.Equal("linux.resources.hugepageLimits", error.Field);
        Assert.Contains("hugetlb", error.Accepted, StringComparison.Ordinal);
    }

    [Fact]
    public void Verbatim_files_of_v2_are_refused_where_the_controllers_are_on_v1()
    {
        using TestCgroup test = new();
        Assert.SkipWhen(test.IsUnified, "cgroup v2");

        var error = Assert.Throws<CgroupException>(() => test.Group.Apply(
            new LinuxResources { Unified = new Dictionary<string, string> { ["memory.high"] = "1000" } }));

        Assert.Equal("linux.resources.unified", error.Field);
    }

    [Fact]
    public void Counters_show_what_the_processes_use()
    {
        using TestCgroup test = new();
        test.Start("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo ready; sleep 60").StandardOutput.ReadLine();

        CgroupStats stats = test.Group.ReadStats();

        Assert.InRange(stats.MemoryUsageBytes!.Value, 1UL, 1UL << 30);
        Assert.InRange(stats.MemoryWorkingSetBytes!.Value, 0UL, stats.MemoryUsageBytes.Value);
        Assert.InRange(stats.CpuUsageNanoseconds!.Value, 100_000UL, 60_000_000_000UL);
        Assert.InRange(stats.Pids!.Value, 1UL, 10UL);
    }

    private static LinuxResources Cpu(LinuxCpu cpu) => new() { Cpu = cpu };

    private static LinuxResources Memory(long limit, long swap) =>
        new() { Memory = new LinuxMemory { Limit = limit * Megabyte, Swap = swap < 0 ? swap : swap * Megabyte } };

    private static string Parent(string path) => path[..path.LastIndexOf('/')];
}
