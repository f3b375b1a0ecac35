// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Runtime.Seccomp;

/// <summary>The instructions of one rule.</summary>
internal static class RuleCode
{
    private const byte Pass = 254; // placeholder: on to the next condition
    private const byte Fail = 255; // placeholder: on to the next rule

    /// <summary>Returns the rule's action when all conditions hold, otherwise falls through.</summary>
    internal static List<SockFilter> Of(FilterRule rule)
    {
        List<SockFilter> body = [];
        foreach (Condition condition in rule.Conditions)
        {
            int start = body.Count;
            body.AddRange(Compare(condition));
            ResolvePass(body, start);
        }

        body.Add(SockFilter.Give(rule.Action));
        for (int i = 0; i < body.Count; i++)
        {
            byte distance = (byte)(body.Count - i - 1);
            body[i] = body[i] with
            {
                JumpTrue = body[i].JumpTrue == Fail ? distance : body[i].JumpTrue,
                JumpFalse = body[i].JumpFalse == Fail ? distance : body[i].JumpFalse,
            };
        }

        return body;
    }

    private static void ResolvePass(List<SockFilter> body, int start)
    {
        for (int i = start; i < body.Count; i++)
        {
            byte distance = (byte)(body.Count - i - 1);
            body[i] = body[i] with
            {
                JumpTrue = body[i].JumpTrue == Pass ? distance : body[i].JumpTrue,
                JumpFalse = body[i].JumpFalse == Pass ? distance : body[i].JumpFalse,
            };
        }
    }

    // A 64-bit comparison in two halves, the upper first. Falls through when it holds.
    private static SockFilter[] Compare(Condition condition)
    {
        uint high = (uint)(condition.Value >> 32);
        uint low = (uint)condition.Value;
        SockFilter loadHigh = SockFilter.Load(SeccompData.High(condition.Argument));
        SockFilter loadLow = SockFilter.Load(SeccompData.Low(condition.Argument));
        return condition.Comparison switch
        {
            Comparison.Equal => [loadHigh, Test(SockFilter.JumpEqual, high, 0, Fail), loadLow, Test(SockFilter.JumpEqual, low, 0, Fail)],
            Comparison.NotEqual => [loadHigh, Test(SockFilter.JumpEqual, high, 0, Pass), loadLow, Test(SockFilter.JumpEqual, low, Fail, 0)],
            Comparison.Greater => [.. Above(loadHigh, high), loadLow, Test(SockFilter.JumpGreater, low, 0, Fail)],
            Comparison.GreaterOrEqual => [.. Above(loadHigh, high), loadLow, Test(SockFilter.JumpAtLeast, low, 0, Fail)],
            Comparison.Less => [.. Below(loadHigh, high), loadLow, Test(SockFilter.JumpAtLeast, low, Fail, 0)],
            Comparison.LessOrEqual => [.. Below(loadHigh, high), loadLow, Test(SockFilter.JumpGreater, low, Fail, 0)],
            _ =>
            [
                loadHigh, new SockFilter(SockFilter.And, 0, 0, (uint)(condition.Mask >> 32)), Test(SockFilter.JumpEqual, high, 0, Fail),
                loadLow, new SockFilter(SockFilter.And, 0, 0, (uint)condition.Mask), Test(SockFilter.JumpEqual, low, 0, Fail),
            ],
        };
    }

    private static SockFilter[] Above(SockFilter load, uint high) =>
        [load, Test(SockFilter.JumpGreater, high, Pass, 0), Test(SockFilter.JumpEqual, high, 0, Fail)];

    private static SockFilter[] Below(SockFilter load, uint high) =>
        [load, Test(SockFilter.JumpGreater, high, Fail, 0), Test(SockFilter.JumpEqual, high, 0, Pass)];

    private static SockFilter Test(ushort code, uint operand, byte jumpTrue, byte jumpFalse) => new(code, jumpTrue, jumpFalse, operand);
}
