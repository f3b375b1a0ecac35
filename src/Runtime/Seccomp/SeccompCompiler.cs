// SPDX-License-Identifier: Apache-2.0
using Gantry.Oci.Runtime;

namespace Gantry.Runtime.Seccomp;

/// <summary>Compiles an OCI seccomp profile to classic BPF.</summary>
public static class SeccompCompiler
{
    /// <returns><see langword="null"/>: the profile allows everything.</returns>
    /// <exception cref="SeccompException">A value of the profile is wrong.</exception>
    public static SeccompFilter? Compile(LinuxSeccomp profile) => throw new NotImplementedException();
}
