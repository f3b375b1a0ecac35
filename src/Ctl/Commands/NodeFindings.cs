// SPDX-License-Identifier: Apache-2.0
using Gantry.Ctl.Output;
using Gantry.NodeSetup;

namespace Gantry.Ctl.Commands;

/// <summary>What NodeSetup finds on this node.</summary>
internal static class NodeFindings
{
    internal static IReadOnlyList<FindingShape> Read() => NodeChecks.Run()
        .Select(f => new FindingShape(f.Id, Word(f.Severity), f.Why.Length > 0 ? $"{f.What}: {f.Why}" : f.What, f.Fix))
        .ToList();

    private static string Word(FindingSeverity severity) => severity switch
    {
        FindingSeverity.Ok => "ok",
        FindingSeverity.Notice => "notice",
        FindingSeverity.Warning => "warning",
        _ => "error",
    };
}
