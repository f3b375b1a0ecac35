// SPDX-License-Identifier: Apache-2.0
using Gantry.Ctl.Output;
using Gantry.NodeSetup;

namespace Gantry.Ctl.Commands;

/// <summary>What NodeSetup finds on this node.</summary>
internal static class NodeFindings
{
    internal static IReadOnlyList<FindingShape> Read() => [.. NodeChecks.Run().Select(Shape)];

    private static FindingShape Shape(Finding finding) => new(
        finding.Id,
        finding.Severity.ToString().ToLowerInvariant(),
        finding.Why.Length == 0 ? finding.What : $"{finding.What}: {finding.Why}",
        finding.Fix);
}
