// SPDX-License-Identifier: Apache-2.0
using CsCheck;
using Gantry.Interop;
using Gantry.Interop.Processes;
using Gantry.Oci.Runtime;
using Gantry.Runtime.Seccomp;

namespace Gantry.Runtime.Tests.Seccomp;

/// <summary>Filters in real children: the kernel decides.</summary>
public sealed class KernelVerdictTests
{
    private static readonly SyscallArchitecture s_native =
        System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64
            ? SyscallArchitecture.Arm64
            : SyscallArchitecture.X86_64;

    private static readonly string[] s_harmless = ["getpid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getppid"];

    [Fact]
    public void The_kernel_decides_as_the_profile_reads()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root");
        Gen<(string Action, uint? Number)> action = Gen.UInt[0, 200].Select(n => n == 0 ? ("SCMP_ACT_ALLOW", (uint?)null) : ("SCMP_ACT_ERRNO", n));
        Gen<LinuxSyscall> rule = ProfileGen.Rule(Gen.Int[0, s_harmless.Length - 1].Select(i => s_harmless[i]), action, 3);

        Gen.Select(rule.List[1, 12], ProfileGen.Args.List[8]).Sample((rules, calls) =>
        {
            LinuxSeccomp profile = new() { DefaultAction = "SCMP_ACT_ALLOW", Syscalls = rules };
            if (SeccompCompiler.Compile(profile) is { } filter)
            {
                CompareWithKernel(profile, filter, calls);
            }
        }, iter: 100, threads: 1);
    }

    [Theory]
    [InlineData("SCMP_ACT_KILL_PROCESS")]
    [InlineData("SCMP_ACT_KILL_THREAD")]
    [InlineData("SCMP_ACT_TRAP")]
    public void Killing_actions_end_the_child_with_SIGSYS(string action)
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root");
        using FilteredChild child = new(SeccompCompiler.Compile(new LinuxSeccomp
        {
            DefaultAction = "SCMP_ACT_ALLOW", Syscalls = [new LinuxSyscall { Names = ["getpid"], Action = action }],
        })!);
        child.Call(Number("getpid"));

        ChildExit exit = child.Run();

        Assert.True(exit.Signaled);
        Assert.Equal(31, exit.Status);
    }

    [Fact]
    public void The_default_filter_refuses_what_escapes_and_answers_ENOSYS_to_the_unknown()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root");
        using FilteredChild child = new(SeccompCompiler.Compile(DefaultSeccomp.For(new HashSet<string>()))!);
        child.Call(Number("getpid"));
        child.Call(Number("unshare"), 0x1000_0000);
        child.Call(Number("mount"), 0, 0, 0, 0, 0);
        child.Call(Number("keyctl"), 0, 0);
        child.Call(Number("bpf"), 0, 0, 0);
        child.Call(Number("clone"), 0x1000_0011, 0, 0, 0, 0);
        child.Call(Number("clone3"), 0, 0);
        child.Call(Number("socket"), 40, 1, 0);
        child.Call(Number("personality"), 0x0040_0000);
        child.Call(Number("personality"), 0xffff_ffff);
        child.Call(Number("io_uring_setup"), 1, 0);
        child.Call(Number("statmount"), 0, 0, 0, 0);
        child.Call(100_000);

        ChildExit exit = child.Run();

        Assert.Equal(0, exit.ExitCode);
        Assert.InRange(child.Results[0], 1, int.MaxValue);
        Assert.Equal(
            [-1, -1, -1, -1, -1, -38, -1, -1, 0, -1, -38, -38],
            child.Results.Skip(1).Select((r, i) => i == 8 ? Math.Min(r, 0) : r));
    }

    [Fact]
    public void Ordinary_programs_run_under_the_default_filter()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root");
        using FilteredChild child = new(SeccompCompiler.Compile(DefaultSeccomp.For(new HashSet<string>()))!);
        ulong script = child.TextArray("sh", "-c", "ls -lR /etc >/dev/null && (sleep 0 & wait) && test \"$(echo abc | tr a-z A-Z)\" = ABC && exit 42");
        ulong mask = child.Buffer(8);
        child.Call(Number("rt_sigprocmask"), 2, mask, 0, 8);
        child.Call(Number("execve"), child.Text("/bin/sh"), script, child.TextArray("PATH=/usr/bin:/bin"));

        ChildExit exit = child.Run();

        Assert.Equal(42, exit.ExitCode);
    }

    [Fact]
    public void The_default_filter_loads_in_a_fraction_of_a_millisecond()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root");
        LinuxSeccomp profile = DefaultSeccomp.For(new HashSet<string>());
        SeccompFilter filter = SeccompCompiler.Compile(profile)!;
        SeccompFilter shortest = SeccompCompiler.Compile(new LinuxSeccomp
        {
            DefaultAction = "SCMP_ACT_ALLOW", Syscalls = [new LinuxSyscall { Names = ["getpid"], Action = "SCMP_ACT_ERRNO" }],
        })!;
        List<double> times = [];
        List<double> shortTimes = [];
        for (int i = 0; i < 50; i++)
        {
            times.Add(LoadMilliseconds(filter));
            shortTimes.Add(LoadMilliseconds(shortest));
        }

        long begin = System.Diagnostics.Stopwatch.GetTimestamp();
        SeccompCompiler.Compile(profile);
        double compiled = System.Diagnostics.Stopwatch.GetElapsedTime(begin).TotalMilliseconds;

        TestContext.Current.SendDiagnosticMessage(
            $"{filter.InstructionCount} instructions compiled in {compiled:0.000} ms, loaded in {times.Min():0.000} ms; {shortest.InstructionCount} instructions in {shortTimes.Min():0.000} ms");
        Assert.InRange(times.Min(), 0.001, 0.2);
    }

    private static double LoadMilliseconds(SeccompFilter filter)
    {
        using FilteredChild child = new(filter);
        Assert.Equal(0, child.Run().ExitCode);
        return child.LoadTime.TotalMilliseconds;
    }

    private static void CompareWithKernel(LinuxSeccomp profile, SeccompFilter filter, List<ulong[]> calls)
    {
        using FilteredChild child = new(filter);
        List<uint> expected = [];
        foreach (ulong[] args in calls)
        {
            foreach (string name in s_harmless)
            {
                child.Call(Number(name), args);
                expected.Add(ProfileEvaluator.Decide(profile, s_native, Number(name), args));
            }
        }

        Assert.Equal(0, child.Run().ExitCode);

        Assert.All(child.Results.Zip(expected), pair =>
            Assert.Equal(pair.Second == 0x7fff_0000 ? 0 : -(long)(pair.Second & 0xffff), Math.Min(pair.First, 0)));
    }

    private static uint Number(string name) => SyscallTable.Number(name, s_native)!.Value;
}
