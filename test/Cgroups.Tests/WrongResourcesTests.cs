// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;
using CsCheck;
using Gantry.Cgroups.Limits;
using Gantry.Oci.Runtime;

namespace Gantry.Cgroups.Tests;

public sealed class WrongResourcesTests
{
    [Theory]
    [InlineData("""{"cpu":{"shares":1}}""", "cpu.shares", "1")]
    [InlineData("""{"cpu":{"shares":262145}}""", "cpu.shares", "262145")]
    [InlineData("""{"cpu":{"period":999}}""", "cpu.period", "999")]
    [InlineData("""{"cpu":{"period":1000001}}""", "cpu.period", "1000001")]
    [InlineData("""{"cpu":{"quota":-2}}""", "cpu.quota", "-2")]
    [InlineData("""{"cpu":{"quota":999}}""", "cpu.quota", "999")]
    [InlineData("""{"cpu":{"quota":1000,"burst":1001}}""", "cpu.burst", "1001")]
    [InlineData("""{"cpu":{"idle":2}}""", "cpu.idle", "2")]
    [InlineData("""{"cpu":{"cpus":"1-"}}""", "cpu.cpus", "1-")]
    [InlineData("""{"cpu":{"cpus":"3-1"}}""", "cpu.cpus", "3-1")]
    [InlineData("""{"cpu":{"mems":"0\n1"}}""", "cpu.mems", "0\n1")]
    [InlineData("""{"memory":{"limit":-2}}""", "memory.limit", "-2")]
    [InlineData("""{"memory":{"limit":1000,"swap":999}}""", "memory.swap", "999")]
    [InlineData("""{"memory":{"swap":999}}""", "memory.swap", "999")]
    [InlineData("""{"memory":{"limit":1000,"reservation":1001}}""", "memory.reservation", "1001")]
    [InlineData("""{"memory":{"swappiness":101}}""", "memory.swappiness", "101")]
    [InlineData("""{"pids":{"limit":-2}}""", "pids.limit", "-2")]
    [InlineData("""{"blockIO":{"weight":9}}""", "blockIO.weight", "9")]
    [InlineData("""{"blockIO":{"weight":1001}}""", "blockIO.weight", "1001")]
    [InlineData("""{"blockIO":{"throttleReadBpsDevice":[{"major":-1,"minor":0,"rate":1}]}}""", "blockIO.throttleReadBpsDevice.major", "-1")]
    [InlineData("""{"hugepageLimits":[{"pageSize":"2M","limit":1}]}""", "hugepageLimits.pageSize", "2M")]
    [InlineData("""{"hugepageLimits":[{"pageSize":"../2MB","limit":1}]}""", "hugepageLimits.pageSize", "../2MB")]
    [InlineData("""{"unified":{"../x.y":"1"}}""", "unified", "../x.y")]
    [InlineData("""{"unified":{"cgroup.procs":"1"}}""", "unified", "cgroup.procs")]
    [InlineData("""{"unified":{"memory":"1"}}""", "unified", "memory")]
    [InlineData("""{"devices":[{"allow":true,"type":"x"}]}""", "devices.type", "x")]
    [InlineData("""{"devices":[{"allow":true,"access":"rx"}]}""", "devices.access", "rx")]
    [InlineData("""{"devices":[{"allow":true,"major":4294967296}]}""", "devices.major", "4294967296")]
    [InlineData("""{"rdma":{"a b":{}}}""", "rdma", "a b")]
    public void A_wrong_value_is_named_and_nothing_is_written(string json, string field, string value)
    {
        using TestCgroup test = new();
        LinuxResources resources = JsonSerializer.Deserialize(json, RuntimeSpecJson.Default.LinuxResources)! with { };
        resources = resources with { Pids = resources.Pids ?? new LinuxPids { Limit = 55 } };

        var error = Assert.Throws<CgroupException>(() => test.Group.Apply(resources));

        Assert.Equal("linux.resources." + field, error.Field);
        Assert.Equal(value, error.Value);
        Assert.NotEmpty(error.Accepted);
        Assert.Equal("max", test.Read("pids", "pids.max"));
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(1024, 100)]
    [InlineData(262144, 10000)]
    [InlineData(0, 1)]
    public void Shares_and_weights_meet_at_minimum_default_and_maximum(ulong shares, ulong weight) =>
        Assert.Equal(weight, CpuLimits.WeightOf(shares));

    [Fact]
    public void More_shares_never_weigh_less() =>
        Gen.Select(Gen.ULong[2, 262_144], Gen.ULong[2, 262_144]).Sample((a, b) =>
        {
            ulong less = CpuLimits.WeightOf(Math.Min(a, b));
            ulong more = CpuLimits.WeightOf(Math.Max(a, b));
            Assert.InRange(less, 1UL, more);
            Assert.InRange(more, less, 10_000UL);
        });

    [Theory]
    [InlineData(100, 150, 50L)]
    [InlineData(100, 100, 0L)]
    [InlineData(100, -1, -1L)]
    [InlineData(-1, 0, -1L)]
    [InlineData(-1, 70, 70L)]
    [InlineData(100, 0, null)]
    public void Swap_on_v2_is_what_is_left_of_the_sum(long limit, long swap, long? expected) =>
        Assert.Equal(expected, MemoryLimits.SwapAlone(new LinuxMemory { Limit = limit, Swap = swap }));

    [Theory]
    [InlineData(10, 1)]
    [InlineData(500, 4950)]
    [InlineData(1000, 10000)]
    public void Io_weights_are_spread_over_the_range_of_v2(int weight, int expected) =>
        Assert.Equal((ulong)expected, BlockIoLimits.WeightV2((ushort)weight));

    [Fact]
    public void A_list_of_cpus_is_numbers_and_ranges_only() =>
        Gen.String[Gen.Char["0123456789,- \n"], 0, 12].Sample(text =>
            Assert.Equal(
                System.Text.RegularExpressions.Regex.IsMatch(text, @"^\d+(-\d+)?(,\d+(-\d+)?)*\z") && Ordered(text), CpusetLimits.IsList(text)));

    private static bool Ordered(string list) => list.Split(',').All(r =>
    {
        System.Numerics.BigInteger[] ends = r.Split('-').Select(System.Numerics.BigInteger.Parse).ToArray();
        return ends[0] <= ends[^1] && ends[^1] <= 8191;
    });
}
