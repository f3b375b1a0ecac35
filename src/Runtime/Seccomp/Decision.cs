// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Runtime.Seccomp;

/// <summary>What happens with a call: rules in order, the first that holds decides; otherwise <see cref="Otherwise"/>.</summary>
internal sealed class Decision
{
    private Decision(IReadOnlyList<FilterRule> rules, uint otherwise)
    {
        Rules = rules;
        Otherwise = otherwise;
    }

    internal IReadOnlyList<FilterRule> Rules { get; }

    internal uint Otherwise { get; }

    internal static Decision Always(uint action) => new([], action);

    /// <summary>Combines a call's rules as libseccomp does: one without conditions outweighs all that have some.</summary>
    internal static Decision Of(IReadOnlyList<FilterRule> rules, uint defaultAction)
    {
        FilterRule? always = rules.FirstOrDefault(r => r.Conditions.Count == 0);
        return always is null ? new Decision(rules, defaultAction) : Always(always.Action);
    }

    /// <summary>Neighbours with equal decisions become one range.</summary>
    internal bool SameAs(Decision other) =>
        Otherwise == other.Otherwise
        && Rules.Count == other.Rules.Count
        && Rules.Zip(other.Rules).All(p => p.First.Action == p.Second.Action && p.First.Conditions.SequenceEqual(p.Second.Conditions));
}
