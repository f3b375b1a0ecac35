// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Runtime.Seccomp;

/// <summary>Names of architectures in profiles.</summary>
internal static class SeccompArchitectures
{
    // Known to the specification; the kernels that we run on never see their calls, so they need no rules.
    private static readonly HashSet<string> s_foreign =
    [
        "MIPS", "MIPS64", "MIPS64N32", "MIPSEL", "MIPSEL64", "MIPSEL64N32", "PPC", "PPC64", "PPC64LE", "S390", "S390X", "PARISC",
        "PARISC64", "RISCV64", "LOONGARCH64", "M68K", "SH", "SHEB",
    ];

    /// <returns>Those that have rules; the native one always.</returns>
    /// <exception cref="SeccompException">No such architecture.</exception>
    internal static HashSet<SyscallArchitecture> Parse(IEnumerable<string> names, SyscallArchitecture native)
    {
        const string prefix = "SCMP_ARCH_";
        HashSet<SyscallArchitecture> found = [native];
        foreach (string name in names)
        {
            SyscallArchitecture? architecture = name switch
            {
                "SCMP_ARCH_X86_64" => SyscallArchitecture.X86_64,
                "SCMP_ARCH_X32" => SyscallArchitecture.X32,
                "SCMP_ARCH_X86" => SyscallArchitecture.X86,
                "SCMP_ARCH_AARCH64" => SyscallArchitecture.Arm64,
                "SCMP_ARCH_ARM" => SyscallArchitecture.Arm,
                "SCMP_ARCH_NATIVE" => native,
                _ when name.StartsWith(prefix, StringComparison.Ordinal) && s_foreign.Contains(name[prefix.Length..]) => null,
                _ => throw new SeccompException("architectures", name, "SCMP_ARCH_X86_64, _X86, _X32, _AARCH64, _ARM or another of the specification"),
            };
            if (architecture is { } known)
            {
                found.Add(known);
            }
        }

        return found;
    }
}
