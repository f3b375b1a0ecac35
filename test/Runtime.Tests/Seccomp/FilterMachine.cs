// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Gantry.Runtime.Seccomp;

namespace Gantry.Runtime.Tests.Seccomp;

/// <summary>Runs a filter as the kernel does (linux/filter.h), for the instructions that seccomp allows and we use.</summary>
internal static class FilterMachine
{
    internal const uint X86_64 = 0xc000_003e;
    internal const uint X86 = 0x4000_0003;
    internal const uint Arm64 = 0xc000_00b7;
    internal const uint Arm = 0x4000_0028;

    internal static uint Run(SeccompFilter filter, uint architecture, uint number, params ulong[] args) =>
        RunCounted(filter, architecture, number, args).Action;

    internal static (uint Action, int Steps) RunCounted(SeccompFilter filter, uint architecture, uint number, params ulong[] args)
    {
        ReadOnlySpan<SockFilter> program = MemoryMarshal.Cast<byte, SockFilter>(filter.Program.Span);
        byte[] data = new byte[64];
        BinaryPrimitives.WriteUInt32LittleEndian(data, number);
        BinaryPrimitives.WriteUInt32LittleEndian(data.AsSpan(4), architecture);
        for (int i = 0; i < args.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(data.AsSpan(16 + (8 * i)), args[i]);
        }

        uint a = 0;
        int steps = 0;
        for (int pc = 0; ; pc++)
        {
            SockFilter i = program[pc];
            steps++;
            switch (i.Code)
            {
                case 0x20:
                    a = BinaryPrimitives.ReadUInt32LittleEndian(data.AsSpan((int)i.Operand));
                    break;
                case 0x54:
                    a &= i.Operand;
                    break;
                case 0x05:
                    pc += (int)i.Operand;
                    break;
                case 0x15:
                    pc += a == i.Operand ? i.JumpTrue : i.JumpFalse;
                    break;
                case 0x25:
                    pc += a > i.Operand ? i.JumpTrue : i.JumpFalse;
                    break;
                case 0x35:
                    pc += a >= i.Operand ? i.JumpTrue : i.JumpFalse;
                    break;
                case 0x06:
                    return (i.Operand, steps);
                default:
                    throw new InvalidOperationException($"no such instruction: {i}");
            }
        }
    }
}
