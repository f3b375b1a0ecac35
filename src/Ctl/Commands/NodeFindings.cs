// SPDX-License-Identifier: Apache-2.0
using Gantry.Ctl.Output;

namespace Gantry.Ctl.Commands;

/// <summary>What NodeSetup finds on this node.</summary>
internal static class NodeFindings
{
    internal static IReadOnlyList<FindingShape> Read(string cgroupDriver) => cgroupDriver.Length == 0 ? [] : [];
}
