// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Runtime.Capabilities;

/// <summary>A name that is no capability. The message names field, value and what is accepted.</summary>
public sealed class CapabilityException : Exception
{
    public CapabilityException(string field, string value, string accepted)
        : base($"{field} '{value}': {accepted}") => Field = field;

    public string Field { get; }
}
