// SPDX-License-Identifier: Apache-2.0
namespace Gantry.NodeSetup;

/// <summary>How much a finding matters.</summary>
public enum FindingSeverity
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>Good to know.</summary>
    Notice,

    /// <summary>Something works less well or not at all.</summary>
    Warning,

    /// <summary>Containers cannot run.</summary>
    Error,
}

/// <summary>What a check found on this node.</summary>
/// <param name="Id">Of the check, stable: <c>ip-forward</c>.</param>
/// <param name="What">The fact, with the value that was read.</param>
/// <param name="Why">What follows from it; empty when all is well.</param>
/// <param name="Fix">A command or a setting; empty when nothing is to be done.</param>
public sealed record Finding(string Id, FindingSeverity Severity, string What, string Why = "", string Fix = "");
