// SPDX-License-Identifier: Apache-2.0
using Gantry.Oci.Runtime;

namespace Gantry.Runtime.Seccomp;

/// <summary>Calls from <paramref name="First"/> up to the next range, and what happens with them.</summary>
internal readonly record struct CallRange(uint First, Decision Decision);

/// <summary>The part of a filter for one AUDIT_ARCH_* value of linux/audit.h.</summary>
internal readonly record struct FilterSection(uint AuditArchitecture, CallRange[] Ranges);

/// <summary>A profile resolved to numbers: for each audit architecture the ranges of its calls.</summary>
internal sealed class FilterPlan
{
    private const uint AuditX86_64 = 0xc000_003e;
    private const uint AuditX86 = 0x4000_0003;
    private const uint AuditArm64 = 0xc000_00b7;
    private const uint AuditArm = 0x4000_0028;
    private const uint X32Start = 0x4000_0000;
    private const uint ArmPrivateStart = 0x000f_0000;

    /// <summary>A tracer sets this number to skip a call; the default decides, as in libseccomp.</summary>
    private const uint SkippedCall = uint.MaxValue;

    /// <summary>No block of call numbers is longer.</summary>
    private const int BlockSize = 1024;

    private readonly Decision _default;
    private readonly List<(uint?[] Numbers, FilterRule Rule)> _rules = [];

    private FilterPlan(LinuxSeccomp profile)
    {
        uint action = SeccompAction.Parse(profile.DefaultAction, profile.DefaultErrnoRet, "defaultAction");
        if (action == SeccompAction.Notify)
        {
            throw new SeccompException("defaultAction", profile.DefaultAction, "any other action: the agent could not even be told");
        }

        _default = Decision.Always(action);
    }

    internal bool Notifies { get; private set; }

    internal bool PermitsEverything { get; private set; }

    internal IReadOnlyList<FilterSection> Sections { get; private set; } = [];

    /// <exception cref="SeccompException">A value of the profile is wrong.</exception>
    internal static FilterPlan From(LinuxSeccomp profile, SyscallArchitecture native)
    {
        FilterPlan plan = new(profile);
        plan.CollectRules(profile.Syscalls ?? []);
        HashSet<SyscallArchitecture> architectures = SeccompArchitectures.Parse(profile.Architectures ?? [], native);
        plan.Sections = native == SyscallArchitecture.Arm64
            ? plan.ArmSections(architectures.Contains(SyscallArchitecture.Arm))
            : plan.X86Sections(architectures.Contains(SyscallArchitecture.X32), architectures.Contains(SyscallArchitecture.X86));
        return plan;
    }

    private void CollectRules(IReadOnlyList<LinuxSyscall> calls)
    {
        bool differs = false;
        foreach (LinuxSyscall call in calls)
        {
            if (call.Names.Count == 0)
            {
                throw new SeccompException("syscalls.names", "", "one name or more");
            }

            foreach (FilterRule rule in FilterRule.From(call))
            {
                differs |= rule.Action != _default.Otherwise;
                Notifies |= rule.Action == SeccompAction.Notify;
                foreach (string name in call.Names)
                {
                    if (SyscallTable.Numbers(name) is { } numbers)
                    {
                        _rules.Add((numbers, rule));
                    }
                }
            }

            SeccompCompiler.CheckSize(_rules.Count);
        }

        PermitsEverything = _default.Otherwise == SeccompAction.Allow && !differs;
    }

    private List<FilterSection> X86Sections(bool x32, bool x86)
    {
        List<CallRange> ranges = [];
        AddBlock(ranges, SyscallArchitecture.X86_64, 0);
        if (x32)
        {
            AddBlock(ranges, SyscallArchitecture.X32, X32Start);
        }
        else
        {
            Append(ranges, X32Start, Decision.Always(SeccompAction.KillProcess));
        }

        Append(ranges, SkippedCall, _default);
        List<FilterSection> sections = [new(AuditX86_64, [.. ranges])];
        if (x86)
        {
            sections.Add(new(AuditX86, Simple(SyscallArchitecture.X86)));
        }

        return sections;
    }

    private List<FilterSection> ArmSections(bool arm)
    {
        List<FilterSection> sections = [new(AuditArm64, Simple(SyscallArchitecture.Arm64))];
        if (arm)
        {
            List<CallRange> ranges = [];
            AddBlock(ranges, SyscallArchitecture.Arm, 0);
            AddBlock(ranges, SyscallArchitecture.Arm, ArmPrivateStart);
            Append(ranges, SkippedCall, _default);
            sections.Add(new(AuditArm, [.. ranges]));
        }

        return sections;
    }

    private CallRange[] Simple(SyscallArchitecture architecture)
    {
        List<CallRange> ranges = [];
        AddBlock(ranges, architecture, 0);
        Append(ranges, SkippedCall, _default);
        return [.. ranges];
    }

    /// <summary>Appends the ranges of a block of numbers that starts at <paramref name="first"/> and lasts up to the next block.</summary>
    private void AddBlock(List<CallRange> ranges, SyscallArchitecture architecture, uint first)
    {
        List<FilterRule>?[] rules = new List<FilterRule>?[BlockSize];
        int newest = -1;
        foreach ((uint?[] numbers, FilterRule rule) in _rules)
        {
            if (numbers[(int)architecture] is not uint number || number < first || number - first >= BlockSize)
            {
                continue;
            }

            int index = (int)(number - first);
            newest = Math.Max(newest, index);

            // Same as the default: runc and crun leave such rules out. Their author knew the call, though.
            if (rule.Action != _default.Otherwise)
            {
                (rules[index] ??= []).Add(rule);
            }
        }

        for (int i = 0; i <= newest; i++)
        {
            Append(ranges, first + (uint)i, rules[i] is { } list ? Decision.Of(list, _default.Otherwise) : _default);
        }

        // What is newer than everything that the profile's author named did not exist for them.
        bool refuses = newest >= 0 && !SeccompAction.Permits(_default.Otherwise);
        Append(ranges, first + (uint)(newest + 1), refuses ? Decision.Always(SeccompAction.Errno | SeccompAction.ENOSYS) : _default);
    }

    private static void Append(List<CallRange> ranges, uint first, Decision decision)
    {
        if (ranges.Count == 0 || !ranges[^1].Decision.SameAs(decision))
        {
            ranges.Add(new CallRange(first, decision));
        }
    }
}
