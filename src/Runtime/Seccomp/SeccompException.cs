// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Runtime.Seccomp;

/// <summary>A seccomp profile that cannot be compiled. The message names field, value and what is accepted.</summary>
public sealed class SeccompException : Exception
{
    public SeccompException(string field, string value, string accepted)
        : base($"linux.seccomp.{field} '{value}': {accepted}") => Field = field;

    /// <summary>Below <c>linux.seccomp</c>.</summary>
    public string Field { get; }
}
