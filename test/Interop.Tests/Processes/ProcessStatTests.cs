// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using System.Text;
using Gantry.Interop.Processes;

namespace Gantry.Interop.Tests.Processes;

public sealed class ProcessStatTests
{
    private const string Tail = " S 77 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 4242 23 24\n";

    [Theory]
    [InlineData("(plain)")]
    [InlineData("(two words)")]
    [InlineData("(a) R 1 (b)")]
    [InlineData("(:) )")]
    [InlineData("()")]
    public void The_command_may_hold_spaces_and_parentheses(string command)
    {
        ProcessStat stat = ProcessStat.Parse(Encoding.UTF8.GetBytes("12 " + command + Tail));

        Assert.Equal(new ProcessStat('S', 77, 6, 4242), stat);
    }

    [Theory]
    [InlineData("")]
    [InlineData("12 (x")]
    [InlineData("12 (x)")]
    [InlineData("12 (x) S 1 2")]
    [InlineData("12 (x) S a 5 5 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22")]
    public void A_line_without_the_fields_is_refused(string line)
    {
        Assert.Throws<FormatException>(() => ProcessStat.Parse(Encoding.UTF8.GetBytes(line)));
    }

    [Fact]
    public void A_process_keeps_its_start_time_and_a_later_one_has_another()
    {
        ulong self = ProcessStat.StartTimeOf(Environment.ProcessId);
        using Process child = Process.Start("sleep", "30");

        Assert.Equal(self, ProcessStat.StartTimeOf(Environment.ProcessId));
        Assert.True(ProcessStat.StartTimeOf(child.Id) > self);
        child.Kill();
        child.WaitForExit();
        Assert.Null(ProcessStat.TryRead(child.Id));
    }
}
