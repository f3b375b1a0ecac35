// SPDX-License-Identifier: Apache-2.0
using System.Reflection;

namespace Gantry.Cri;

/// <summary>The version this program was built as.</summary>
public static class ProgramVersion
{
    /// <summary>A semantic version, such as <c>0.1.0</c>.</summary>
    public static string Text { get; } = Shorten(
        typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0");

    /// <summary>The build adds the commit in full; seven digits of it are enough.</summary>
    private static string Shorten(string version)
    {
        const int CommitDigits = 7;
        int plus = version.IndexOf('+');
        return plus >= 0 && version.Length > plus + 1 + CommitDigits ? version[..(plus + 1 + CommitDigits)] : version;
    }
}
