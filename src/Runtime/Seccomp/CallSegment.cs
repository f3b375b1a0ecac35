// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Runtime.Seccomp;

/// <summary>Calls from <paramref name="First"/> up to the next segment that are decided alike, but for a few single ones.</summary>
/// <param name="Calls">How many of them a kernel may have.</param>
internal readonly record struct CallSegment(uint First, Decision Decision, IReadOnlyList<CallRange> Exceptions, uint Calls)
{
    /// <summary>No kernel has more calls, so numbers beyond are not tried when a filter is loaded.</summary>
    private const uint MaxCalls = 500;

    /// <summary>A single call between two equal ranges costs one comparison instead of two; more in a row make a long way for all.</summary>
    private const int MaxExceptions = 2;

    /// <param name="ranges">Ascending; no two neighbours are decided alike.</param>
    internal static CallSegment[] Join(CallRange[] ranges)
    {
        List<CallSegment> segments = [];
        for (int i = 0; i < ranges.Length;)
        {
            List<CallRange> exceptions = [];
            int last = i;
            while (exceptions.Count < MaxExceptions && last + 2 < ranges.Length
                && ranges[last + 2].First == ranges[last + 1].First + 1 && ranges[i].Decision.SameAs(ranges[last + 2].Decision))
            {
                exceptions.Add(ranges[last + 1]);
                last += 2;
            }

            uint calls = last + 1 < ranges.Length ? Math.Min(ranges[last + 1].First - ranges[i].First, MaxCalls) : 1;
            segments.Add(new CallSegment(ranges[i].First, ranges[i].Decision, exceptions, calls));
            i = last + 1;
        }

        return [.. segments];
    }

    /// <summary>Where both sides hold about as many calls: the kernel tries every one of them when a filter is loaded.</summary>
    /// <returns>1 or greater, less than the number of segments.</returns>
    internal static int Middle(ReadOnlySpan<CallSegment> segments)
    {
        long total = 0;
        foreach (CallSegment segment in segments)
        {
            total += segment.Calls;
        }

        long before = 0;
        for (int i = 0; i < segments.Length - 1; i++)
        {
            long with = before + segments[i].Calls;
            if (with * 2 >= total)
            {
                // The segment in the middle goes to the lighter side.
                return i == 0 || total - with >= before ? i + 1 : i;
            }

            before = with;
        }

        return segments.Length - 1;
    }
}
