// SPDX-License-Identifier: Apache-2.0
using System.Text.RegularExpressions;
using Gantry.Interop;
using Gantry.Runtime.Seccomp;

namespace Gantry.Runtime.Tests.Seccomp;

public sealed partial class SyscallTableTests
{
    [Theory]
    [InlineData("unistd_64.h", SyscallArchitecture.X86_64)]
    [InlineData("unistd_x32.h", SyscallArchitecture.X32)]
    [InlineData("unistd_32.h", SyscallArchitecture.X86)]
    public void Every_call_of_the_installed_kernel_headers_is_there(string header, object architecture)
    {
        string? path = new[] { "/usr/include/x86_64-linux-gnu/asm/", "/usr/include/asm/" }.Select(d => d + header).FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, "no kernel headers for x86 here");

        MatchCollection calls = Definition().Matches(File.ReadAllText(path));

        Assert.InRange(calls.Count, 300, 1000);
        Assert.All(calls, m =>
        {
            uint number = uint.Parse(m.Groups[3].Value) | (m.Groups[2].Length > 0 ? 0x4000_0000u : 0);
            Assert.Equal(number, SyscallTable.Number(m.Groups[1].Value, (SyscallArchitecture)architecture));
        });
    }

    [Fact]
    public void Numbers_agree_with_those_that_we_call_ourselves()
    {
        SyscallArchitecture native = System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture
            == System.Runtime.InteropServices.Architecture.Arm64 ? SyscallArchitecture.Arm64 : SyscallArchitecture.X86_64;

        Assert.Equal((uint)SyscallNumber.SYS_openat2, SyscallTable.Number("openat2", native));
        Assert.Equal((uint)SyscallNumber.SYS_clone3, SyscallTable.Number("clone3", native));
        Assert.Equal((uint)SyscallNumber.SYS_execve, SyscallTable.Number("execve", native));
        Assert.Equal((uint)SyscallNumber.SYS_mount, SyscallTable.Number("mount", native));
    }

    [Fact]
    public void No_number_stands_for_two_calls()
    {
        foreach (SyscallArchitecture architecture in Enum.GetValues<SyscallArchitecture>())
        {
            List<uint> numbers = SyscallTable.Names.Select(n => SyscallTable.Number(n, architecture)).OfType<uint>().ToList();

            Assert.InRange(numbers.Count, 300, 500);
            Assert.Equal(numbers.Count, numbers.Distinct().Count());
        }
    }

    [Fact]
    public void An_unknown_name_has_no_number() => Assert.Null(SyscallTable.Number("no_such_call", SyscallArchitecture.X86_64));

    [GeneratedRegex(@"^#define __NR_(\w+)\s+(\(__X32_SYSCALL_BIT \+ )?(\d+)\)?$", RegexOptions.Multiline)]
    private static partial Regex Definition();
}
