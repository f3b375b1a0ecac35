// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Gantry.Ctl.Output;

/// <summary>Sizes, times and ids as people read them.</summary>
internal static class Words
{
    private const int ShortIdLength = 13;
    private const long NanosecondsPerTick = 100;
    private const double Thousand = 1000;

    internal static string ShortId(string id)
    {
        string digits = id.StartsWith("sha256:", StringComparison.Ordinal) ? id["sha256:".Length..] : id;
        return digits.Length > ShortIdLength ? digits[..ShortIdLength] : digits;
    }

    /// <summary>Decimal units, as registries and disks count.</summary>
    internal static string Bytes(double bytes)
    {
        string[] units = ["B", "kB", "MB", "GB", "TB"];
        int unit = 0;
        while (bytes >= Thousand && unit < units.Length - 1)
        {
            bytes /= Thousand;
            unit++;
        }

        return bytes.ToString(unit == 0 || bytes >= 100 ? "0" : "0.0", CultureInfo.InvariantCulture) + " " + units[unit];
    }

    /// <param name="nanoseconds">Since 1970.</param>
    internal static DateTimeOffset Time(long nanoseconds) => DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / NanosecondsPerTick);

    /// <returns><see langword="null"/> for 0: has not happened.</returns>
    internal static DateTimeOffset? TimeOrNull(long nanoseconds) => nanoseconds == 0 ? null : Time(nanoseconds);

    internal static string Span(TimeSpan span) => span switch
    {
        { TotalSeconds: < 1 } => "less than a second",
        { TotalSeconds: < 120 } => Count(span.TotalSeconds, "second"),
        { TotalMinutes: < 120 } => Count(span.TotalMinutes, "minute"),
        { TotalHours: < 48 } => Count(span.TotalHours, "hour"),
        _ => Count(span.TotalDays, "day"),
    };

    internal static string Ago(long nanoseconds, DateTimeOffset now) => Span(now - Time(nanoseconds)) + " ago";

    private static string Count(double number, string unit)
    {
        long whole = (long)number;
        return string.Create(CultureInfo.InvariantCulture, $"{whole} {unit}{(whole == 1 ? "" : "s")}");
    }
}
