// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Interop.Bpf;

/// <summary>struct bpf_insn of linux/bpf.h.</summary>
/// <param name="Code">Class, operation and source.</param>
/// <param name="Registers">Destination in the low four bits, source in the high ones.</param>
/// <param name="Offset">Jump distance, or displacement of a load.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly record struct BpfInstruction(byte Code, byte Registers, short Offset, int Immediate);
