// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Runtime.Seccomp;

/// <summary>A compiled filter, ready for <c>seccomp(SECCOMP_SET_MODE_FILTER, Flags, &amp;fprog)</c>.</summary>
public sealed record SeccompFilter
{
    /// <summary>An array of <c>struct sock_filter</c> (8 bytes each) for copying to unmanaged memory.</summary>
    public required ReadOnlyMemory<byte> Program { get; init; }

    /// <summary>Length for <c>struct sock_fprog</c>, 1 to 4 096.</summary>
    public ushort InstructionCount => (ushort)(Program.Length / 8);

    /// <summary>SECCOMP_FILTER_FLAG_* for the call, SECCOMP_FILTER_FLAG_NEW_LISTENER included when <see cref="Notifies"/>.</summary>
    public required uint Flags { get; init; }

    /// <summary>The call returns a listener descriptor for the agent at <see cref="ListenerPath"/>.</summary>
    public bool Notifies { get; init; }

    public string? ListenerPath { get; init; }

    public string? ListenerMetadata { get; init; }
}
