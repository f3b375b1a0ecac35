// SPDX-License-Identifier: Apache-2.0
using Gantry.Oci.Runtime;
using Gantry.Runtime.Seccomp;

namespace Gantry.Runtime.Tests.Seccomp;

/// <summary>What a profile says about a call, read rule by rule without compiling it.</summary>
internal static class ProfileEvaluator
{
    internal static uint Decide(LinuxSeccomp profile, SyscallArchitecture architecture, uint number, ulong[] args)
    {
        uint byDefault = Encode(profile.DefaultAction, profile.DefaultErrnoRet);
        List<LinuxSyscall> rules = (profile.Syscalls ?? [])
            .Where(r => r.Names.Any(n => SyscallTable.Number(n, architecture) == number) && Encode(r.Action, r.ErrnoRet) != byDefault)
            .ToList();
        if (rules.Find(r => r.Args is not { Count: > 0 }) is { } always)
        {
            return Encode(always.Action, always.ErrnoRet);
        }

        foreach (LinuxSyscall rule in rules)
        {
            bool alternatives = rule.Args!.Select(a => a.Index).Distinct().Count() < rule.Args!.Count;
            if (alternatives ? rule.Args.Any(a => Holds(a, args)) : rule.Args.All(a => Holds(a, args)))
            {
                return Encode(rule.Action, rule.ErrnoRet);
            }
        }

        return byDefault;
    }

    private static bool Holds(LinuxSeccompArg arg, ulong[] args)
    {
        ulong actual = args[arg.Index];
        return arg.Op switch
        {
            "SCMP_CMP_NE" => actual != arg.Value,
            "SCMP_CMP_LT" => actual < arg.Value,
            "SCMP_CMP_LE" => actual <= arg.Value,
            "SCMP_CMP_EQ" => actual == arg.Value,
            "SCMP_CMP_GE" => actual >= arg.Value,
            "SCMP_CMP_GT" => actual > arg.Value,
            _ => (actual & arg.Value) == (arg.ValueTwo & arg.Value),
        };
    }

    private static uint Encode(string action, uint? errnoRet) => action switch
    {
        "SCMP_ACT_KILL_PROCESS" => 0x8000_0000,
        "SCMP_ACT_KILL" or "SCMP_ACT_KILL_THREAD" => 0,
        "SCMP_ACT_TRAP" => 0x3_0000,
        "SCMP_ACT_ERRNO" => 0x5_0000 | (errnoRet ?? 1),
        "SCMP_ACT_TRACE" => 0x7ff0_0000 | (errnoRet ?? 1),
        "SCMP_ACT_LOG" => 0x7ffc_0000,
        "SCMP_ACT_NOTIFY" => 0x7fc0_0000,
        _ => 0x7fff_0000,
    };
}
