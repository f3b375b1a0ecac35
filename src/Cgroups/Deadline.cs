// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;

namespace Gantry.Cgroups;

/// <summary>When to give up. For the few states that cgroup v1 does not announce, so that only looking again helps.</summary>
internal readonly struct Deadline
{
    private readonly long _start;
    private readonly TimeSpan _timeout;

    internal Deadline(TimeSpan timeout)
    {
        _start = Stopwatch.GetTimestamp();
        _timeout = timeout;
    }

    internal TimeSpan Left
    {
        get
        {
            TimeSpan left = _timeout - Stopwatch.GetElapsedTime(_start);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    internal bool IsOver => Left == TimeSpan.Zero;
}
