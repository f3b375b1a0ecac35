// SPDX-License-Identifier: Apache-2.0
using CsCheck;
using Gantry.Oci.Runtime;
using Gantry.Runtime.Seccomp;

namespace Gantry.Runtime.Tests.Seccomp;

public sealed class SeccompCompilerTests
{
    private const uint NotImplemented = 0x5_0000 | 38;
    private const uint KillProcess = 0x8000_0000;
    private const uint Allow = 0x7fff_0000;

    [Fact]
    public void A_compiled_filter_decides_as_the_profile_reads_for_every_call() =>
        Gen.Select(ProfileGen.Profile, ProfileGen.Args).Sample((profile, args) =>
        {
            foreach ((SyscallArchitecture native, SyscallArchitecture architecture, uint audit) in new[]
            {
                (SyscallArchitecture.X86_64, SyscallArchitecture.X86_64, FilterMachine.X86_64),
                (SyscallArchitecture.X86_64, SyscallArchitecture.X32, FilterMachine.X86_64),
                (SyscallArchitecture.X86_64, SyscallArchitecture.X86, FilterMachine.X86),
                (SyscallArchitecture.Arm64, SyscallArchitecture.Arm64, FilterMachine.Arm64),
                (SyscallArchitecture.Arm64, SyscallArchitecture.Arm, FilterMachine.Arm),
            })
            {
                if (SeccompCompiler.Compile(profile, native) is { } filter)
                {
                    CheckAll(filter, profile, architecture, audit, args);
                }
            }
        }, iter: 60);

    [Fact]
    public void A_profile_that_allows_everything_needs_no_filter() =>
        Assert.Null(SeccompCompiler.Compile(new LinuxSeccomp { DefaultAction = "SCMP_ACT_ALLOW" }));

    [Fact]
    public void A_call_newer_than_the_profile_answers_ENOSYS_and_an_older_one_the_default()
    {
        SeccompFilter filter = Compile(new LinuxSeccomp { DefaultAction = "SCMP_ACT_ERRNO", Syscalls = [Allowed("openat2")] });

        Assert.Equal(NotImplemented, FilterMachine.Run(filter, FilterMachine.X86_64, 438));
        Assert.Equal(NotImplemented, FilterMachine.Run(filter, FilterMachine.X86_64, 100_000));
        Assert.Equal(0x5_0001u, FilterMachine.Run(filter, FilterMachine.X86_64, 436));
        Assert.Equal(Allow, FilterMachine.Run(filter, FilterMachine.X86_64, 437));
    }

    [Fact]
    public void A_profile_that_allows_by_default_allows_newer_calls_too()
    {
        SeccompFilter filter = Compile(new LinuxSeccomp
        {
            DefaultAction = "SCMP_ACT_ALLOW", Syscalls = [new LinuxSyscall { Names = ["getpid"], Action = "SCMP_ACT_ERRNO" }],
        });

        Assert.Equal(Allow, FilterMachine.Run(filter, FilterMachine.X86_64, 100_000));
    }

    [Fact]
    public void A_foreign_architecture_kills_the_process()
    {
        SeccompFilter filter = Compile(new LinuxSeccomp { DefaultAction = "SCMP_ACT_ALLOW", Syscalls = [new LinuxSyscall { Names = ["getpid"], Action = "SCMP_ACT_ERRNO" }] });

        Assert.Equal(KillProcess, FilterMachine.Run(filter, FilterMachine.X86, 1));
        Assert.Equal(KillProcess, FilterMachine.Run(filter, FilterMachine.X86_64, 0x4000_0001));
        Assert.Equal(KillProcess, FilterMachine.Run(filter, 0xc000_0015, 1));
    }

    [Fact]
    public void A_number_set_by_a_tracer_to_skip_a_call_gets_the_default()
    {
        SeccompFilter filter = Compile(new LinuxSeccomp { DefaultAction = "SCMP_ACT_ERRNO", Syscalls = [Allowed("getpid")] });

        Assert.Equal(0x5_0001u, FilterMachine.Run(filter, FilterMachine.X86_64, uint.MaxValue));
    }

    [Fact]
    public void A_rule_without_conditions_outweighs_one_with()
    {
        SeccompFilter filter = Compile(new LinuxSeccomp
        {
            DefaultAction = "SCMP_ACT_ERRNO",
            Syscalls = [Allowed("getpid") with { Action = "SCMP_ACT_TRAP", Args = [Argument(0, "EQ", 1)] }, Allowed("getpid")],
        });

        Assert.Equal(Allow, FilterMachine.Run(filter, FilterMachine.X86_64, 39, 1));
    }

    [Fact]
    public void Two_conditions_on_one_argument_are_alternatives()
    {
        SeccompFilter filter = Compile(new LinuxSeccomp
        {
            DefaultAction = "SCMP_ACT_ERRNO",
            Syscalls = [Allowed("getpid") with { Args = [Argument(0, "EQ", 1), Argument(0, "EQ", 5)] }],
        });

        Assert.Equal([Allow, 0x5_0001u, Allow], new ulong[] { 1, 2, 5 }.Select(v => FilterMachine.Run(filter, FilterMachine.X86_64, 39, v)));
    }

    [Fact]
    public void Arguments_are_compared_in_all_their_64_bits()
    {
        SeccompFilter filter = Compile(new LinuxSeccomp
        {
            DefaultAction = "SCMP_ACT_ERRNO",
            Syscalls = [Allowed("getpid") with { Args = [Argument(2, "LE", 0x1_0000_0000)] }],
        });

        Assert.Equal(Allow, FilterMachine.Run(filter, FilterMachine.X86_64, 39, 0, 0, 0x0_ffff_ffff));
        Assert.Equal(Allow, FilterMachine.Run(filter, FilterMachine.X86_64, 39, 0, 0, 0x1_0000_0000));
        Assert.Equal(0x5_0001u, FilterMachine.Run(filter, FilterMachine.X86_64, 39, 0, 0, 0x1_0000_0001));
    }

    [Fact]
    public void Flags_become_bits()
    {
        SeccompFilter filter = Compile(new LinuxSeccomp
        {
            DefaultAction = "SCMP_ACT_ERRNO",
            Flags = ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"],
            ListenerPath = "/run/agent",
            Syscalls = [Allowed("getpid") with { Action = "SCMP_ACT_NOTIFY" }],
        });

        Assert.Equal(2u | 4u | 8u | 32u, filter.Flags);
        Assert.True(filter.Notifies);
        Assert.Equal("/run/agent", filter.ListenerPath);
    }

    [Theory]
    [InlineData("SCMP_ACT_NONE", null, "SCMP_ACT_ALLOW", null, "getpid", "EQ", 0, "defaultAction")]
    [InlineData("SCMP_ACT_NOTIFY", null, "SCMP_ACT_ALLOW", null, "getpid", "EQ", 0, "defaultAction")]
    [InlineData("SCMP_ACT_ALLOW", 5u, "SCMP_ACT_ERRNO", null, "getpid", "EQ", 0, "defaultAction errnoRet")]
    [InlineData("SCMP_ACT_ERRNO", 4096u, "SCMP_ACT_ALLOW", null, "getpid", "EQ", 0, "defaultAction errnoRet")]
    [InlineData("SCMP_ACT_ERRNO", null, "allow", null, "getpid", "EQ", 0, "syscalls.action")]
    [InlineData("SCMP_ACT_ERRNO", null, "SCMP_ACT_KILL", 1u, "getpid", "EQ", 0, "syscalls.action errnoRet")]
    [InlineData("SCMP_ACT_ERRNO", null, "SCMP_ACT_ALLOW", null, "getpid", "==", 0, "syscalls.args.op")]
    [InlineData("SCMP_ACT_ERRNO", null, "SCMP_ACT_ALLOW", null, "getpid", "EQ", 6, "syscalls.args.index")]
    [InlineData("SCMP_ACT_ERRNO", null, "SCMP_ACT_NOTIFY", null, "getpid", "EQ", 0, "listenerPath")]
    public void A_wrong_value_is_named(
        string byDefault, uint? defaultErrno, string action, uint? errno, string name, string op, int index, string field)
    {
        LinuxSeccomp profile = new()
        {
            DefaultAction = byDefault,
            DefaultErrnoRet = defaultErrno,
            Syscalls = [new LinuxSyscall { Names = [name], Action = action, ErrnoRet = errno, Args = [Argument((uint)index, op, 0)] }],
        };

        var error = Assert.Throws<SeccompException>(() => SeccompCompiler.Compile(profile));

        Assert.Equal(field, error.Field);
    }

    [Theory]
    [InlineData("SCMP_ARCH_Z80", "SECCOMP_FILTER_FLAG_LOG", "architectures")]
    [InlineData("SCMP_ARCH_MIPS64", "SECCOMP_FILTER_FLAG_FAST", "flags")]
    public void A_wrong_architecture_or_flag_is_named(string architecture, string flag, string field)
    {
        LinuxSeccomp profile = new() { DefaultAction = "SCMP_ACT_ERRNO", Architectures = [architecture], Flags = [flag] };

        Assert.Equal(field, Assert.Throws<SeccompException>(() => SeccompCompiler.Compile(profile)).Field);
    }

    [Fact]
    public void A_filter_that_the_kernel_would_not_take_for_its_length_is_refused()
    {
        LinuxSeccomp profile = new()
        {
            DefaultAction = "SCMP_ACT_ERRNO",
            Syscalls = Enumerable.Range(0, 2000).Select(i => Allowed("getpid") with { Args = [Argument(0, "EQ", (ulong)i)] }).ToList(),
        };

        Assert.Equal("syscalls", Assert.Throws<SeccompException>(() => SeccompCompiler.Compile(profile)).Field);
    }

    private static void CheckAll(SeccompFilter filter, LinuxSeccomp profile, SyscallArchitecture architecture, uint audit, ulong[] args)
    {
        uint first = architecture == SyscallArchitecture.X32 ? 0x4000_0000u : 0;
        for (uint number = first; number < first + 480; number++)
        {
            uint actual = FilterMachine.Run(filter, audit, number, args);
            uint expected = ProfileEvaluator.Decide(profile, architecture, number, args);
            bool newer = actual == NotImplemented && number > Newest(profile, architecture, number);
            Assert.True(newer || actual == expected, $"{architecture} {number}: {actual:x} instead of {expected:x}");
        }
    }

    private static uint Newest(LinuxSeccomp profile, SyscallArchitecture architecture, uint orElse) =>
        profile.Syscalls!.SelectMany(c => c.Names).Select(n => SyscallTable.Number(n, architecture)).Where(n => n < 0xf_0000 || n >= 0x4000_0000).Max() ?? orElse;

    private static SeccompFilter Compile(LinuxSeccomp profile) => SeccompCompiler.Compile(profile, SyscallArchitecture.X86_64)!;

    private static LinuxSyscall Allowed(string name) => new() { Names = [name], Action = "SCMP_ACT_ALLOW" };

    private static LinuxSeccompArg Argument(uint index, string op, ulong value) => new() { Index = index, Op = $"SCMP_CMP_{op}", Value = value };
}
