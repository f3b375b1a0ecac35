// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Cgroups;

/// <summary>A value that the resources of a cgroup cannot have, or that this node cannot enforce.</summary>
/// <remarks>Failures of the kernel itself are <c>SyscallException</c>s (an <see cref="IOException"/>).</remarks>
public sealed class CgroupException : Exception
{
    /// <param name="field">Where the value stands, from the root of the document: <c>linux.resources.cpu.period</c>.</param>
    /// <param name="value">The value as given.</param>
    /// <param name="accepted">What would have been taken, or why the node cannot.</param>
    public CgroupException(string field, string value, string accepted, Exception? cause = null)
        : base($"{field} '{value}': {accepted}", cause)
    {
        Field = field;
        Value = value;
        Accepted = accepted;
    }

    public string Field { get; }

    public string Value { get; }

    public string Accepted { get; }
}
