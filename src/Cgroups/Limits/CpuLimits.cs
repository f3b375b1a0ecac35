// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Oci.Runtime;

namespace Gantry.Cgroups.Limits;

/// <summary><c>linux.resources.cpu</c> without its sets of CPUs and nodes. A value of 0 means "not given", as Go's writers leave it.</summary>
internal static class CpuLimits
{
    internal const ulong MinShares = 2;
    internal const ulong MaxShares = 262_144;
    private const ulong MaxWeight = 10_000;
    private const ulong MinPeriod = 1_000;
    private const ulong MaxPeriod = 1_000_000;
    private const ulong DefaultPeriod = 100_000;
    private const long MinQuota = 1_000;
    private const string Field = "linux.resources.cpu";

    internal static void Check(LinuxCpu cpu)
    {
        Require.That(cpu.Shares is null or 0 or (>= MinShares and <= MaxShares), $"{Field}.shares", cpu.Shares, "2 to 262144");
        Require.That(
            cpu.Period is null or 0 or (>= MinPeriod and <= MaxPeriod), $"{Field}.period", cpu.Period, "1000 to 1000000 microseconds");
        Require.That(
            cpu.Quota is null or -1 or 0 or >= MinQuota, $"{Field}.quota", cpu.Quota, "-1 (unlimited), or 1000 microseconds and more");
        Require.That(cpu.Idle is null or 0 or 1, $"{Field}.idle", cpu.Idle, "0 or 1");
        Require.That(
            cpu.Burst is null || cpu.Quota is null or <= 0 || cpu.Burst <= (ulong)cpu.Quota,
            $"{Field}.burst", cpu.Burst, "at most the quota");
    }

    internal static void Apply(Cgroup cgroup, LinuxCpu cpu)
    {
        bool any = (cpu.Shares ?? 0) != 0 || (cpu.Quota ?? 0) != 0 || (cpu.Period ?? 0) != 0 || cpu.Burst is not null
            || cpu.Idle is not null || (cpu.RealtimePeriod ?? 0) != 0 || (cpu.RealtimeRuntime ?? 0) != 0;
        if (!any)
        {
            return;
        }

        LimitTarget target = new(cgroup, "cpu", Field);
        if (target.IsV2)
        {
            ApplyV2(target, cpu);
        }
        else
        {
            ApplyV1(target, cpu);
        }
    }

    /// <summary>The v2 weight for v1 shares: minimum, default and maximum fall on one another (2 and 1, 1024 and 100, 262144 and 10000).</summary>
    /// <remarks>10^((l² + 125 l) / 612 - 7/34) with l = log2(shares), as runc, crun and the kubelet convert since 2025.</remarks>
    internal static ulong WeightOf(ulong shares)
    {
        if (shares <= MinShares)
        {
            return 1;
        }

        if (shares >= MaxShares)
        {
            return MaxWeight;
        }

        double l = Math.Log2(shares);
        return (ulong)Math.Ceiling(Math.Pow(10, (((l * l) + (125 * l)) / 612.0) - (7.0 / 34.0)));
    }

    private static void ApplyV2(LimitTarget target, LinuxCpu cpu)
    {
        if (cpu.Idle is long idle)
        {
            target.Write("cpu.idle", Text.Of(idle));
        }

        // An idle group has no weight of its own: the kernel refuses one.
        if (cpu.Shares is > 0 and ulong shares && cpu.Idle != 1)
        {
            target.Write("cpu.weight", Text.Of(WeightOf(shares)));
        }

        Require.That(
            (cpu.RealtimeRuntime ?? 0) == 0 && (cpu.RealtimePeriod ?? 0) == 0,
            $"{Field}.realtimeRuntime", cpu.RealtimeRuntime, "absent: cgroup v2 has no real-time limits");
        ApplyBandwidthV2(target, cpu);
    }

    private static void ApplyBandwidthV2(LimitTarget target, LinuxCpu cpu)
    {
        Errno burst = WriteBurst(target, "cpu.max.burst", cpu);
        if ((cpu.Quota ?? 0) != 0 || (cpu.Period ?? 0) != 0)
        {
            string[] present = (target.TryRead("cpu.max") ?? "max").Split(' ');
            string quota = (cpu.Quota ?? 0) == 0 ? present[0] : Text.OrMax(cpu.Quota!.Value);
            string period = (cpu.Period ?? 0) != 0 ? Text.Of(cpu.Period!.Value)
                : present.Length > 1 ? present[1] : Text.Of(DefaultPeriod);
            target.Write("cpu.max", $"{quota} {period}");
        }

        RetryBurst(target, "cpu.max.burst", cpu, burst);
    }

    private static void ApplyV1(LimitTarget target, LinuxCpu cpu)
    {
        if (cpu.Idle is long idle)
        {
            target.Write("cpu.idle", Text.Of(idle));
        }

        if (cpu.Shares is > 0 and ulong shares && cpu.Idle != 1)
        {
            target.Write("cpu.shares", Text.Of(shares));
        }

        WritePair(target, "cpu.rt_period_us", cpu.RealtimePeriod, "cpu.rt_runtime_us", cpu.RealtimeRuntime);
        Errno burst = WriteBurst(target, "cpu.cfs_burst_us", cpu);
        WritePair(target, "cpu.cfs_period_us", cpu.Period, "cpu.cfs_quota_us", cpu.Quota);
        RetryBurst(target, "cpu.cfs_burst_us", cpu, burst);
    }

    // Old quota with new period may exceed what the parent allows although the new pair does not: period again at the end.
    private static void WritePair(LimitTarget target, string periodFile, ulong? period, string quotaFile, long? quota)
    {
        Errno errno = Errno.None;
        if (period is > 0 and ulong p)
        {
            errno = target.TryWrite(periodFile, Text.Of(p));
            if (errno != Errno.EINVAL || (quota ?? 0) == 0)
            {
                target.ThrowOn(errno, periodFile, Text.Of(p));
            }
        }

        if (quota is long q && q != 0)
        {
            target.Write(quotaFile, Text.Of(q));
        }

        if (errno == Errno.EINVAL)
        {
            target.Write(periodFile, Text.Of(period!.Value));
        }
    }

    private static Errno WriteBurst(LimitTarget target, string file, LinuxCpu cpu)
    {
        if (cpu.Burst is not ulong burst)
        {
            return Errno.None;
        }

        // Before the quota for a smaller burst, after it (retry) for a greater one.
        Errno errno = target.TryWrite(file, Text.Of(burst));
        if (errno != Errno.EINVAL || (cpu.Quota ?? 0) == 0)
        {
            target.ThrowOn(errno, file, Text.Of(burst));
        }

        return errno;
    }

    private static void RetryBurst(LimitTarget target, string file, LinuxCpu cpu, Errno earlier)
    {
        if (earlier != Errno.None)
        {
            target.Write(file, Text.Of(cpu.Burst!.Value));
        }
    }
}
