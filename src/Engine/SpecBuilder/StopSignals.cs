// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Gantry.Engine.SpecBuilder;

/// <summary>The signal that asks a container to stop.</summary>
internal static class StopSignals
{
    private const int Terminate = 15;
    private const int RealTimeMin = 34;
    private const int RealTimeMax = 64;

    /// <summary>By number from 1: signal(7), the numbers that x86-64 and arm64 share.</summary>
    private static readonly string[] s_names =
    [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
        "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
        "WINCH", "IO", "PWR", "SYS",
    ];

    /// <summary>The request's, else the image's, else SIGTERM.</summary>
    /// <param name="image">A name with or without <c>SIG</c>, <c>SIGRTMIN+n</c>, <c>SIGRTMAX-n</c>, or a number.</param>
    /// <exception cref="EngineException"><see cref="EngineError.InvalidArgument"/>: no signal from 1 to 64.</exception>
    internal static int Choose(int? requested, string? image)
    {
        if (requested is int number)
        {
            return number is >= 1 and <= RealTimeMax ? number : throw Refuse.Value("stop_signal", $"{number}", "1 to 64");
        }

        return string.IsNullOrEmpty(image)
            ? Terminate
            : Parse(image) ?? throw Refuse.Value("image STOPSIGNAL", image, "a signal's name, SIGRTMIN+n, SIGRTMAX-n, or 1 to 64");
    }

    private static int? Parse(string text)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            return InRange(number);
        }

        string name = text.ToUpperInvariant();
        name = name.StartsWith("SIG", StringComparison.Ordinal) ? name[3..] : name;
        return name switch
        {
            "RTMIN" => RealTimeMin,
            "RTMAX" => RealTimeMax,
            "IOT" => 6,
            "CLD" => 17,
            "POLL" => 29,
            _ when name.StartsWith("RTMIN+", StringComparison.Ordinal) => Offset(RealTimeMin, name[6..], 1),
            _ when name.StartsWith("RTMAX-", StringComparison.Ordinal) => Offset(RealTimeMax, name[6..], -1),
            _ => Array.IndexOf(s_names, name) is >= 0 and int index ? index + 1 : null,
        };
    }

    private static int? Offset(int from, string digits, int direction) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int offset)
        && offset <= RealTimeMax - RealTimeMin
            ? InRange(from + (direction * offset))
            : null;

    private static int? InRange(int number) => number is >= 1 and <= RealTimeMax ? number : null;
}
