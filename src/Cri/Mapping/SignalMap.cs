// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.V1;
using Gantry.Engine;

namespace Gantry.Cri.Mapping;

/// <summary>Between CRI's numbering of signals and the kernel's (the same on x86-64 and arm64).</summary>
internal static class SignalMap
{
    /// <summary>glibc keeps 32 and 33 for itself; all runtimes count SIGRTMIN from 34.</summary>
    private const int RealTimeMinimum = 34;

    /// <summary>Kernel numbers in the order of CRI's values 1 to 34.</summary>
    private static ReadOnlySpan<byte> Classic =>
    [
        6, 14, 7, 17, 17, 18, 8, 1, 4, 2, 29, 6, 9, 13, 29, 27, 30, 3, 11, 16, 19, 31, 15, 5, 20, 21, 22, 23, 10, 12, 26, 28, 24, 25,
    ];

    /// <returns>1 to 64; <see langword="null"/>: the image's own, else SIGTERM.</returns>
    internal static int? FromWire(string field, Signal signal) => (int)signal switch
    {
        0 => null,
        int value when value > 0 && value <= Classic.Length => Classic[value - 1],
        int value when value > Classic.Length && value <= (int)Signal.Sigrtmax => value - (int)Signal.Sigrtmin + RealTimeMinimum,
        int value => throw Require.Invalid(field, $"{value}", "0 to 65, CRI's numbers of signals"),
    };

    /// <param name="number">1 to 64.</param>
    internal static Signal ToWire(int number)
    {
        if (number >= RealTimeMinimum)
        {
            return (Signal)(number - RealTimeMinimum + (int)Signal.Sigrtmin);
        }

        // SIGCHLD, SIGIO and SIGABRT have two names each; the first one is answered.
        int index = Classic.IndexOf((byte)number);
        return index < 0 ? Signal.RuntimeDefault : (Signal)(index + 1);
    }
}
