// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop.Bpf;

namespace Gantry.Cgroups.Devices;

/// <summary>Compiles device rules to a program for BPF_PROG_TYPE_CGROUP_DEVICE.</summary>
/// <remarks>
/// The context (struct bpf_cgroup_dev_ctx of linux/bpf.h) is three words: access in the upper and kind in the lower half
/// of the first, then major and minor. For every asked-for access bit the last rule that speaks of it decides, so the
/// program looks at the rules from the last to the first, crosses out bits that are allowed, refuses at the first denied one and
/// allows as soon as none is left. Result 1 allows.
/// </remarks>
internal static class DeviceProgram
{
    /// <summary>The verifier follows a million instructions over all branches; 4096 rules exceed that, this many do not.</summary>
    internal const int MaxRules = 1024;

    // Instruction codes: linux/bpf.h, Documentation/bpf/standardization/instruction-set.rst.
    private const byte LoadWord = 0x61;      // BPF_LDX | BPF_MEM | BPF_W
    private const byte MoveRegister = 0xbc;  // BPF_ALU | BPF_MOV | BPF_X, 32 bits
    private const byte MoveImmediate = 0xb7; // BPF_ALU64 | BPF_MOV | BPF_K
    private const byte And = 0x54;           // BPF_ALU | BPF_AND | BPF_K, 32 bits
    private const byte ShiftRight = 0x74;    // BPF_ALU | BPF_RSH | BPF_K, 32 bits
    private const byte JumpEqual = 0x16;     // BPF_JMP32 | BPF_JEQ | BPF_K
    private const byte JumpNotEqual = 0x56;  // BPF_JMP32 | BPF_JNE | BPF_K
    private const byte Exit = 0x95;

    // Registers: r1 context; r2 access bits still open; r3 kind; r4 major; r5 minor; r6 scratch; r0 result.
    private const byte Result = 0;
    private const byte Context = 1;
    private const byte Open = 2;
    private const byte Kind = 3;
    private const byte Major = 4;
    private const byte Minor = 5;
    private const byte Scratch = 6;

    /// <exception cref="CgroupException">More than <see cref="MaxRules"/> rules.</exception>
    internal static BpfInstruction[] Compile(IReadOnlyList<DeviceRule> rules, bool allowByDefault)
    {
        if (rules.Count > MaxRules)
        {
            throw new CgroupException("linux.resources.devices", $"{rules.Count} rules", "at most 1024");
        }

        List<BpfInstruction> program =
        [
            new(LoadWord, Registers(Kind, Context), 0, 0),
            new(MoveRegister, Registers(Open, Kind), 0, 0),
            new(ShiftRight, Open, 0, 16),
            new(And, Kind, 0, 0xffff),
            new(LoadWord, Registers(Major, Context), 4, 0),
            new(LoadWord, Registers(Minor, Context), 8, 0),
        ];
        bool decided = false;
        for (int i = rules.Count - 1; i >= 0 && !decided; i--)
        {
            Emit(program, rules[i]);
            decided = rules[i].IsTotal;
        }

        if (!decided)
        {
            Return(program, allowByDefault);
        }

        return [.. program];
    }

    private static void Emit(List<BpfInstruction> program, DeviceRule rule)
    {
        if (rule.IsTotal)
        {
            Return(program, rule.Allow);
            return;
        }

        List<BpfInstruction> body = Body(rule);
        List<BpfInstruction> tests = [];
        if (rule.Kinds != DeviceKinds.All)
        {
            tests.Add(new(JumpNotEqual, Kind, 0, (int)rule.Kinds));
        }

        if (rule.Major is uint major)
        {
            tests.Add(new(JumpNotEqual, Major, 0, (int)major));
        }

        if (rule.Minor is uint minor)
        {
            tests.Add(new(JumpNotEqual, Minor, 0, (int)minor));
        }

        for (int i = 0; i < tests.Count; i++)
        {
            program.Add(tests[i] with { Offset = (short)(tests.Count - i - 1 + body.Count) });
        }

        program.AddRange(body);
    }

    private static List<BpfInstruction> Body(DeviceRule rule)
    {
        List<BpfInstruction> body = [];
        if (rule.Allow)
        {
            body.Add(new(And, Open, 0, (int)(DeviceAccess.All & ~rule.Access)));
            body.Add(new(JumpNotEqual, Open, 2, 0));
        }
        else
        {
            body.Add(new(MoveRegister, Registers(Scratch, Open), 0, 0));
            body.Add(new(And, Scratch, 0, (int)rule.Access));
            body.Add(new(JumpEqual, Scratch, 2, 0));
        }

        Return(body, rule.Allow);
        return body;
    }

    private static void Return(List<BpfInstruction> program, bool allow)
    {
        program.Add(new(MoveImmediate, Result, 0, allow ? 1 : 0));
        program.Add(new(Exit, 0, 0, 0));
    }

    private static byte Registers(byte destination, byte source) => (byte)(destination | (source << 4));
}
