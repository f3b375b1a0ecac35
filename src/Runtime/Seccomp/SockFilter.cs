// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Runtime.Seccomp;

/// <summary>struct sock_filter of linux/filter.h: one instruction of classic BPF.</summary>
/// <param name="Code">Class, size, mode or operation.</param>
/// <param name="JumpTrue">Instructions to skip when the comparison holds.</param>
/// <param name="JumpFalse">Instructions to skip when it does not.</param>
/// <param name="Operand">Constant, offset or distance.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct SockFilter(ushort Code, byte JumpTrue, byte JumpFalse, uint Operand)
{
    // linux/bpf_common.h and linux/filter.h
    internal const ushort LoadWord = 0x20;      // BPF_LD | BPF_W | BPF_ABS
    internal const ushort And = 0x54;           // BPF_ALU | BPF_AND | BPF_K
    internal const ushort Jump = 0x05;          // BPF_JMP | BPF_JA
    internal const ushort JumpEqual = 0x15;     // BPF_JMP | BPF_JEQ | BPF_K
    internal const ushort JumpGreater = 0x25;   // BPF_JMP | BPF_JGT | BPF_K
    internal const ushort JumpAtLeast = 0x35;   // BPF_JMP | BPF_JGE | BPF_K
    internal const ushort Return = 0x06;        // BPF_RET | BPF_K

    internal static SockFilter Load(int offset) => new(LoadWord, 0, 0, (uint)offset);

    internal static SockFilter Give(uint action) => new(Return, 0, 0, action);
}

/// <summary>Offsets in struct seccomp_data of linux/seccomp.h, little-endian.</summary>
internal static class SeccompData
{
    internal const int Number = 0;
    internal const int Architecture = 4;
    private const int Arguments = 16;
    private const int ArgumentBytes = 8;

    internal static int Low(uint argument) => Arguments + ((int)argument * ArgumentBytes);

    internal static int High(uint argument) => Low(argument) + 4;
}
