// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Cri.Mapping;

/// <summary>CRI's times: nanoseconds since 1970, 0 for "has not happened".</summary>
internal static class WireTime
{
    private const long NanosecondsPerTick = 100;

    internal static long Nanoseconds(DateTimeOffset? time) =>
        time is DateTimeOffset at ? (at.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * NanosecondsPerTick : 0;
}
