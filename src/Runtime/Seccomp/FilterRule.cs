// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Gantry.Oci.Runtime;

namespace Gantry.Runtime.Seccomp;

/// <summary>How an argument is compared.</summary>
internal enum Comparison
{
    NotEqual,
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
    MaskedEqual,
}

/// <param name="Mask">Only for <see cref="Comparison.MaskedEqual"/>: bits to look at.</param>
internal readonly record struct Condition(uint Argument, Comparison Comparison, ulong Value, ulong Mask)
{
    private const uint MaxArgument = 5;

    /// <exception cref="SeccompException">No such argument or comparison.</exception>
    internal static Condition Parse(LinuxSeccompArg arg)
    {
        if (arg.Index > MaxArgument)
        {
            throw new SeccompException("syscalls.args.index", arg.Index.ToString(CultureInfo.InvariantCulture), "0 to 5");
        }

        Comparison comparison = arg.Op switch
        {
            "SCMP_CMP_NE" => Comparison.NotEqual,
            "SCMP_CMP_LT" => Comparison.Less,
            "SCMP_CMP_LE" => Comparison.LessOrEqual,
            "SCMP_CMP_EQ" => Comparison.Equal,
            "SCMP_CMP_GE" => Comparison.GreaterOrEqual,
            "SCMP_CMP_GT" => Comparison.Greater,
            "SCMP_CMP_MASKED_EQ" => Comparison.MaskedEqual,
            _ => throw new SeccompException("syscalls.args.op", arg.Op, "SCMP_CMP_ and NE, LT, LE, EQ, GE, GT or MASKED_EQ"),
        };
        return comparison == Comparison.MaskedEqual
            ? new Condition(arg.Index, comparison, arg.ValueTwo & arg.Value, arg.Value)
            : new Condition(arg.Index, comparison, arg.Value, ulong.MaxValue);
    }
}

/// <summary>An action under conditions that must all hold; none always holds.</summary>
internal sealed record FilterRule(uint Action, IReadOnlyList<Condition> Conditions)
{
    /// <summary>The rules that an entry of the profile stands for.</summary>
    /// <remarks>
    /// Two conditions on one argument are alternatives, each a rule of its own: libseccomp refuses them in one rule, and runc and
    /// crun have split them so since the beginning; profiles depend on it.
    /// </remarks>
    internal static IReadOnlyList<FilterRule> From(LinuxSyscall call)
    {
        uint action = SeccompAction.Parse(call.Action, call.ErrnoRet, "syscalls.action");
        List<Condition> conditions = (call.Args ?? []).Select(Condition.Parse).ToList();
        bool alternatives = conditions.DistinctBy(c => c.Argument).Count() < conditions.Count;
        return alternatives
            ? conditions.Select(c => new FilterRule(action, [c])).ToList()
            : [new FilterRule(action, conditions)];
    }
}
