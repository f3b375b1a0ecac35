// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Runtime.Seccomp;

/// <summary>Turns ranges of calls into instructions, from the last to the first, so that the targets of all jumps are known.</summary>
internal sealed class FilterEmitter
{
    /// <summary>Comparisons jump 255 instructions at most; two may still come in between.</summary>
    private const int NearJump = byte.MaxValue - 2;

    private readonly List<SockFilter> _reversed = [];
    private readonly Dictionary<uint, int> _returns = [];

    private FilterEmitter()
    {
    }

    internal static SockFilter[] Emit(IReadOnlyList<FilterSection> sections)
    {
        FilterEmitter emitter = new();
        int[] entries = new int[sections.Count];
        for (int i = sections.Count - 1; i >= 0; i--)
        {
            Target search = emitter.Search(CallSegment.Join(sections[i].Ranges));
            emitter.FallInto(search);
            entries[i] = emitter.Add(SockFilter.Load(SeccompData.Number));
        }

        Target otherwise = new(Action: SeccompAction.KillProcess);
        for (int i = sections.Count - 1; i >= 0; i--)
        {
            otherwise = new(emitter.Branch(SockFilter.JumpEqual, sections[i].AuditArchitecture, new(entries[i]), otherwise));
        }

        emitter.FallInto(otherwise);
        emitter.Add(SockFilter.Load(SeccompData.Architecture));
        emitter._reversed.Reverse();
        return [.. emitter._reversed];
    }

    /// <summary>A binary search with wide segments near its root; the accumulator holds the call's number.</summary>
    /// <param name="segments">Ascending.</param>
    private Target Search(ReadOnlySpan<CallSegment> segments)
    {
        if (segments.Length == 1)
        {
            return Single(segments[0]);
        }

        int middle = CallSegment.Middle(segments);
        Target atLeast = Search(segments[middle..]);
        Target below = Search(segments[..middle]);
        return new(Branch(SockFilter.JumpAtLeast, segments[middle].First, atLeast, below));
    }

    private Target Single(CallSegment segment)
    {
        Target target = Decide(segment.Decision);
        foreach (CallRange exception in segment.Exceptions)
        {
            Target other = Decide(exception.Decision);
            target = new(Branch(SockFilter.JumpEqual, exception.First, other, target));
        }

        return target;
    }

    private Target Decide(Decision decision)
    {
        if (decision.Rules.Count == 0)
        {
            return new(Action: decision.Otherwise);
        }

        int entry = Add(SockFilter.Give(decision.Otherwise));
        foreach (FilterRule rule in decision.Rules.Reverse())
        {
            foreach (SockFilter instruction in Enumerable.Reverse(RuleCode.Of(rule)))
            {
                entry = Add(instruction);
            }
        }

        return new(entry);
    }

    private int Branch(ushort code, uint operand, Target ifTrue, Target ifFalse)
    {
        int no = Near(ifFalse);
        int yes = Near(ifTrue);
        return Add(new SockFilter(code, Distance(yes), Distance(no), operand));
    }

    /// <summary>A place within reach of the next instruction but two that leads to the target.</summary>
    private int Near(Target target)
    {
        if (target.Position is not int position)
        {
            bool reusable = _returns.TryGetValue(target.Action, out position) && _reversed.Count - position <= NearJump;
            return reusable ? position : _returns[target.Action] = Add(SockFilter.Give(target.Action));
        }

        return _reversed.Count - position <= NearJump
            ? position
            : Add(new SockFilter(SockFilter.Jump, 0, 0, (uint)(_reversed.Count - position - 1)));
    }

    /// <summary>Makes the target what follows the next instruction.</summary>
    private void FallInto(Target target)
    {
        if (target.Position != _reversed.Count - 1)
        {
            Jump(target);
        }
    }

    private void Jump(Target target) => Add(target.Position is int position
        ? new SockFilter(SockFilter.Jump, 0, 0, (uint)(_reversed.Count - position - 1))
        : SockFilter.Give(target.Action));

    private byte Distance(int position) => (byte)(_reversed.Count - position - 1);

    private int Add(SockFilter instruction)
    {
        _reversed.Add(instruction);
        return _reversed.Count - 1;
    }

    /// <summary>Where to go: an instruction that is there, by its place from the end, or a result.</summary>
    private readonly record struct Target(int? Position = null, uint Action = 0);
}
