// SPDX-License-Identifier: Apache-2.0
using Gantry.Oci.Runtime;
using Gantry.Runtime.Seccomp;

namespace Gantry.Runtime.Tests.Seccomp;

public sealed class DefaultSeccompTests
{
    private const uint Allow = 0x7fff_0000;
    private const uint Eperm = 0x5_0001;
    private const uint Enosys = 0x5_0000 | 38;

    // Architecture, number, log2 of the segments and two exceptions, result. Each step is paid for every call number when the filter is loaded.
    private const int MaxSteps = 13;
    private const int MaxInstructions = 230;

    private static readonly string[] s_none = [];

    [Fact]
    public void Every_name_in_the_profile_is_a_call_somewhere()
    {
        HashSet<string> known = SyscallTable.Names.ToHashSet();

        Assert.All(DefaultSeccomp.For(AllCapabilities()).Syscalls!.SelectMany(s => s.Names), name => Assert.Contains(name, known));
    }

    [Theory]
    [InlineData("read", Allow)]
    [InlineData("execve", Allow)]
    [InlineData("openat2", Allow)]
    [InlineData("futex", Allow)]
    [InlineData("ptrace", Allow)]
    [InlineData("clone3", Enosys)]
    [InlineData("statmount", Enosys)]
    [InlineData("mount", Eperm)]
    [InlineData("umount2", Eperm)]
    [InlineData("pivot_root", Eperm)]
    [InlineData("setns", Eperm)]
    [InlineData("unshare", Eperm)]
    [InlineData("bpf", Eperm)]
    [InlineData("perf_event_open", Eperm)]
    [InlineData("keyctl", Eperm)]
    [InlineData("add_key", Eperm)]
    [InlineData("request_key", Eperm)]
    [InlineData("kexec_load", Eperm)]
    [InlineData("init_module", Eperm)]
    [InlineData("open_by_handle_at", Eperm)]
    [InlineData("userfaultfd", Eperm)]
    [InlineData("io_uring_setup", Eperm)]
    [InlineData("reboot", Eperm)]
    [InlineData("swapon", Eperm)]
    [InlineData("settimeofday", Eperm)]
    [InlineData("move_pages", Eperm)]
    public void Without_capabilities_a_call_is_decided_so_on_both_architectures(string name, uint expected)
    {
        LinuxSeccomp profile = DefaultSeccomp.For(s_none.ToHashSet());

        Assert.Equal(expected, Decide(profile, SyscallArchitecture.X86_64, name));
        Assert.Equal(expected, Decide(profile, SyscallArchitecture.Arm64, name));
    }

    [Theory]
    [InlineData("CAP_SYS_ADMIN", "mount")]
    [InlineData("CAP_SYS_ADMIN", "clone3")]
    [InlineData("CAP_SYS_ADMIN", "unshare")]
    [InlineData("CAP_BPF", "bpf")]
    [InlineData("CAP_PERFMON", "perf_event_open")]
    [InlineData("CAP_SYS_CHROOT", "chroot")]
    [InlineData("CAP_SYS_TIME", "settimeofday")]
    [InlineData("CAP_SYS_MODULE", "init_module")]
    [InlineData("CAP_DAC_READ_SEARCH", "open_by_handle_at")]
    public void A_capability_brings_its_calls(string capability, string name)
    {
        Assert.Equal(Allow, Decide(DefaultSeccomp.For(new HashSet<string> { capability }), SyscallArchitecture.X86_64, name));
        Assert.NotEqual(Allow, Decide(DefaultSeccomp.For(s_none.ToHashSet()), SyscallArchitecture.X86_64, name));
    }

    [Theory]
    [InlineData("clone", 0x11UL, Allow)]
    [InlineData("clone", 0x3d0f00UL, Allow)]
    [InlineData("clone", 0x2_0000UL, Eperm)]
    [InlineData("clone", 0x200_0000UL, Eperm)]
    [InlineData("clone", 0x400_0000UL, Eperm)]
    [InlineData("clone", 0x800_0000UL, Eperm)]
    [InlineData("clone", 0x1000_0000UL, Eperm)]
    [InlineData("clone", 0x2000_0000UL, Eperm)]
    [InlineData("clone", 0x4000_0000UL, Eperm)]
    [InlineData("personality", 0UL, Allow)]
    [InlineData("personality", 8UL, Allow)]
    [InlineData("personality", 0x4_0000UL, Eperm)]
    [InlineData("personality", 0xffff_ffffUL, Allow)]
    [InlineData("socket", 2UL, Allow)]
    [InlineData("socket", 40UL, Eperm)]
    public void Some_calls_depend_on_their_first_argument(string name, ulong argument, uint expected) =>
        Assert.Equal(expected, Decide(DefaultSeccomp.For(s_none.ToHashSet()), SyscallArchitecture.X86_64, name, argument));

    [Fact]
    public void Programs_of_32_bits_are_filtered_and_those_of_x32_killed()
    {
        SeccompFilter filter = SeccompCompiler.Compile(DefaultSeccomp.For(s_none.ToHashSet()), SyscallArchitecture.X86_64)!;

        Assert.Equal(Allow, FilterMachine.Run(filter, FilterMachine.X86, 11)); // execve
        Assert.Equal(Eperm, FilterMachine.Run(filter, FilterMachine.X86, 21)); // mount
        Assert.Equal(0x8000_0000u, FilterMachine.Run(filter, FilterMachine.X86_64, 0x4000_0000));
    }

    [Fact]
    public void The_filter_stays_short_and_shallow()
    {
        SeccompFilter filter = SeccompCompiler.Compile(DefaultSeccomp.For(s_none.ToHashSet()), SyscallArchitecture.X86_64)!;

        Assert.InRange(filter.InstructionCount, 50, MaxInstructions);
        for (uint number = 0; number < 480; number++)
        {
            int conditions = number == SyscallTable.Number("personality", SyscallArchitecture.X86_64) ? 5 * 4 : 5;
            Assert.InRange(FilterMachine.RunCounted(filter, FilterMachine.X86_64, number, 1, 1, 1).Steps, 3, MaxSteps + conditions);
        }
    }

    private static uint Decide(LinuxSeccomp profile, SyscallArchitecture native, string name, params ulong[] args) =>
        FilterMachine.Run(
            SeccompCompiler.Compile(profile, native)!,
            native == SyscallArchitecture.Arm64 ? FilterMachine.Arm64 : FilterMachine.X86_64,
            SyscallTable.Number(name, native)!.Value,
            args);

    private static HashSet<string> AllCapabilities() =>
    [
        "CAP_BPF", "CAP_DAC_READ_SEARCH", "CAP_PERFMON", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_CHROOT", "CAP_SYS_MODULE", "CAP_SYS_NICE",
        "CAP_SYS_PACCT", "CAP_SYS_PTRACE", "CAP_SYS_RAWIO", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_SYSLOG",
    ];
}
