// SPDX-License-Identifier: Apache-2.0
using System.Globalization;

namespace Gantry.Cgroups.Limits;

/// <summary>Checks of values in <c>linux.resources</c>.</summary>
internal static class Require
{
    /// <exception cref="CgroupException">The condition does not hold.</exception>
    internal static void That(bool condition, string field, IFormattable? value, string accepted)
    {
        if (!condition)
        {
            throw new CgroupException(field, value?.ToString(null, CultureInfo.InvariantCulture) ?? "", accepted);
        }
    }

    /// <exception cref="CgroupException">The condition does not hold.</exception>
    internal static void That(bool condition, string field, string value, string accepted)
    {
        if (!condition)
        {
            throw new CgroupException(field, value, accepted);
        }
    }
}

/// <summary>Numbers as control files want them.</summary>
internal static class Text
{
    internal static string Of(long value) => value.ToString(CultureInfo.InvariantCulture);

    internal static string Of(ulong value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>-1 is <c>max</c>, as cgroup v2 spells it.</summary>
    internal static string OrMax(long value) => value < 0 ? "max" : Of(value);
}
