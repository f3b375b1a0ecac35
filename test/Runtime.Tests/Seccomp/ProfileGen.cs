// SPDX-License-Identifier: Apache-2.0
using CsCheck;
using Gantry.Oci.Runtime;
using Gantry.Runtime.Seccomp;

namespace Gantry.Runtime.Tests.Seccomp;

/// <summary>Random profiles and calls.</summary>
internal static class ProfileGen
{
    private static readonly string[] s_names = [.. SyscallTable.Names.Order(StringComparer.Ordinal), "no_such_call", ""];

    private static readonly string[] s_operators = ["NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"];

    /// <summary>Values around the border between the halves, where a comparison goes wrong first.</summary>
    internal static readonly Gen<ulong> Value = Gen.Frequency(
        (3, Gen.ULong[0, 4]),
        (3, Gen.Select(Gen.ULong[0, 2], Gen.ULong[0, 2]).Select((high, low) => (high << 32) | low)),
        (2, Gen.ULong[0xffff_fffe, 0x1_0000_0001]),
        (2, Gen.ULong[ulong.MaxValue - 2, ulong.MaxValue]),
        (1, Gen.ULong));

    private static readonly Gen<LinuxSeccompArg> s_arg = Gen.Select(Gen.UInt[0, 5], Value, Value, Gen.Int[0, s_operators.Length - 1])
        .Select((index, value, second, op) => new LinuxSeccompArg
        {
            Index = index, Value = value, ValueTwo = second, Op = $"SCMP_CMP_{s_operators[op]}",
        });

    private static readonly Gen<(string Action, uint? Number)> s_action = Gen.Frequency(
        (3, Gen.Const(("SCMP_ACT_ALLOW", (uint?)null))),
        (3, Gen.UInt[0, 4095].Select(n => ("SCMP_ACT_ERRNO", (uint?)n))),
        (1, Gen.Const(("SCMP_ACT_ERRNO", (uint?)null))),
        (1, Gen.Const(("SCMP_ACT_KILL", (uint?)null))),
        (1, Gen.Const(("SCMP_ACT_KILL_PROCESS", (uint?)null))),
        (1, Gen.Const(("SCMP_ACT_TRAP", (uint?)null))),
        (1, Gen.Const(("SCMP_ACT_LOG", (uint?)null))),
        (1, Gen.UInt[0, 0xffff].Select(n => ("SCMP_ACT_TRACE", (uint?)n))));

    internal static Gen<LinuxSyscall> Rule(Gen<string> names, Gen<(string Action, uint? Number)> action, int maxNames) =>
        Gen.Select(names.List[1, maxNames], action, s_arg.List[0, 4]).Select((chosen, act, args) => new LinuxSyscall
        {
            Names = chosen, Action = act.Action, ErrnoRet = act.Number, Args = args,
        });

    internal static readonly Gen<LinuxSeccomp> Profile = Gen.Select(
        s_action, Rule(Gen.Int[0, s_names.Length - 1].Select(i => s_names[i]), s_action, 6).List[0, 10]).Select((byDefault, rules) => new LinuxSeccomp
    {
        DefaultAction = byDefault.Action,
        DefaultErrnoRet = byDefault.Number,
        Architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
        Syscalls = rules,
    });

    internal static readonly Gen<ulong[]> Args = Value.Array[6];
}
