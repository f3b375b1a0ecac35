// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Gantry.Interop;
using Gantry.Oci.Runtime;

namespace Gantry.Cgroups.Limits;

/// <summary><c>linux.resources.memory</c>. A value of 0 means "not given", as Go's writers leave it; -1 removes a limit.</summary>
internal static class MemoryLimits
{
    private const string Field = "linux.resources.memory";
    private const string LimitFile = "memory.limit_in_bytes";
    private const string SwapFile = "memory.memsw.limit_in_bytes";
    private const ulong MaxSwappiness = 100;

    internal static void Check(LinuxMemory memory)
    {
        const string bytes = "-1 (unlimited) or a number of bytes";
        Require.That(memory.Limit is null or >= -1, $"{Field}.limit", memory.Limit, bytes);
        Require.That(memory.Reservation is null or >= -1, $"{Field}.reservation", memory.Reservation, bytes);
        Require.That(memory.Swap is null or >= -1, $"{Field}.swap", memory.Swap, bytes);
        Require.That(memory.Swappiness is null or <= MaxSwappiness, $"{Field}.swappiness", memory.Swappiness, "0 to 100");
        bool swapGiven = memory.Swap is > 0;
        Require.That(!swapGiven || (memory.Limit ?? 0) != 0, $"{Field}.swap", memory.Swap, "only together with limit: it counts memory and swap");
        Require.That(
            !swapGiven || memory.Limit is not > 0 || memory.Swap >= memory.Limit, $"{Field}.swap", memory.Swap, "limit or more: it counts memory and swap");
        Require.That(
            memory.Limit is not > 0 || memory.Reservation is not > 0 || memory.Reservation <= memory.Limit,
            $"{Field}.reservation", memory.Reservation, "at most the limit");
    }

    internal static void Apply(Cgroup cgroup, LinuxMemory memory)
    {
        bool any = (memory.Limit ?? 0) != 0 || (memory.Reservation ?? 0) != 0 || (memory.Swap ?? 0) != 0
            || memory.Swappiness is not null || memory.DisableOomKiller == true;
        if (!any)
        {
            return;
        }

        LimitTarget target = new(cgroup, "memory", Field);
        if (memory is { CheckBeforeUpdate: true, Limit: > 0 and long limit })
        {
            RequireRoom(target, limit);
        }

        if (target.IsV2)
        {
            ApplyV2(target, memory);
        }
        else
        {
            ApplyV1(target, memory);
        }
    }

    /// <summary>What v2's <c>memory.swap.max</c> (swap alone) has to be for the specification's sum of memory and swap.</summary>
    /// <returns><see langword="null"/>: leave it; -1: unlimited.</returns>
    internal static long? SwapAlone(LinuxMemory memory) => (memory.Limit ?? 0, memory.Swap ?? 0) switch
    {
        (-1, 0) => -1,
        (_, 0) => null,
        (_, -1) => -1,
        (-1, long swap) => swap,
        (long limit, long swap) => swap - limit,
    };

    private static void RequireRoom(LimitTarget target, long limit)
    {
        string? usage = target.TryRead(target.IsV2 ? "memory.current" : "memory.usage_in_bytes");
        bool fits = usage is null || !long.TryParse(usage, NumberStyles.None, CultureInfo.InvariantCulture, out long used) || used <= limit;
        Require.That(fits, $"{Field}.limit", limit, $"at least the present usage of {usage} bytes (checkBeforeUpdate)");
    }

    // swappiness and disableOOMKiller have no counterpart in v2 and are ignored there, as runc and crun do.
    private static void ApplyV2(LimitTarget target, LinuxMemory memory)
    {
        if (SwapAlone(memory) is long swap)
        {
            Errno errno = target.TryWrite("memory.swap.max", Text.OrMax(swap));

            // Without swap in the kernel, "none" and "any amount" are both true already.
            if (errno != Errno.ENOENT || swap > 0)
            {
                target.ThrowOn(errno, "memory.swap.max", Text.OrMax(swap));
            }
        }

        if (memory.Limit is long limit && limit != 0)
        {
            target.Write("memory.max", Text.OrMax(limit));
        }

        if (memory.Reservation is long reservation && reservation != 0)
        {
            target.Write("memory.low", Text.OrMax(reservation));
        }
    }

    private static void ApplyV1(LimitTarget target, LinuxMemory memory)
    {
        ApplyLimitsV1(target, memory.Limit ?? 0, memory.Swap ?? 0);
        if (memory.Reservation is long reservation && reservation != 0)
        {
            target.Write("memory.soft_limit_in_bytes", Text.Of(reservation));
        }

        if (memory.DisableOomKiller is true)
        {
            target.Write("memory.oom_control", "1");
        }

        if (memory.Swappiness is ulong swappiness)
        {
            target.Write("memory.swappiness", Text.Of(swappiness));
        }
    }

    // The kernel keeps memory <= memory + swap at every moment: raise the sum first, lower it last.
    private static void ApplyLimitsV1(LimitTarget target, long limit, long swap)
    {
        bool countsSwap = target.Has(SwapFile);
        if (limit == -1 && swap == 0 && countsSwap)
        {
            swap = -1;
        }

        // Where swap is not counted it is unlimited already.
        if (!countsSwap && swap == -1)
        {
            swap = 0;
        }

        bool swapFirst = swap == -1 || (swap > 0 && ReadBytes(target, LimitFile) < (ulong)swap);
        if (swapFirst && swap != 0)
        {
            target.Write(SwapFile, Text.Of(swap));
        }

        if (limit != 0)
        {
            target.Write(LimitFile, Text.Of(limit));
        }

        if (!swapFirst && swap != 0)
        {
            target.Write(SwapFile, Text.Of(swap));
        }
    }

    private static ulong ReadBytes(LimitTarget target, string file) =>
        ulong.TryParse(target.TryRead(file), NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value : 0;
}
