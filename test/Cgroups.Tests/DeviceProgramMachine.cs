// SPDX-License-Identifier: Apache-2.0
using Gantry.Cgroups.Devices;
using Gantry.Interop.Bpf;

namespace Gantry.Cgroups.Tests;

/// <summary>Runs the few instructions that device programs consist of.</summary>
internal static class DeviceProgramMachine
{
    internal static bool Run(BpfInstruction[] program, (DeviceKinds Kind, uint Major, uint Minor, DeviceAccess Access) request)
    {
        uint[] context = [((uint)request.Access << 16) | (uint)request.Kind, request.Major, request.Minor];
        uint[] registers = new uint[11];
        for (int pc = 0; ; pc++)
        {
            BpfInstruction i = program[pc];
            int destination = i.Registers & 15;
            int source = i.Registers >> 4;
            switch (i.Code)
            {
                case 0x61:
                    registers[destination] = context[i.Offset / 4];
                    break;
                case 0xbc:
                    registers[destination] = registers[source];
                    break;
                case 0xb7:
                    registers[destination] = (uint)i.Immediate;
                    break;
                case 0x54:
                    registers[destination] &= (uint)i.Immediate;
                    break;
                case 0x74:
                    registers[destination] >>= i.Immediate;
                    break;
                case 0x16:
                    pc += registers[destination] == (uint)i.Immediate ? i.Offset : 0;
                    break;
                case 0x56:
                    pc += registers[destination] != (uint)i.Immediate ? i.Offset : 0;
                    break;
                case 0x95:
                    return registers[0] == 1;
                default:
                    throw new InvalidOperationException($"no such instruction: {i}");
            }
        }
    }
}
