// SPDX-License-Identifier: Apache-2.0
using System.Reflection;

namespace Gantry.Cri;

/// <summary>The version this program was built as.</summary>
public static class ProgramVersion
{
    /// <summary>A semantic version, such as <c>0.1.0</c>.</summary>
    public static string Text { get; } =
        typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";
}
