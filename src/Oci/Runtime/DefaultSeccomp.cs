// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Oci.Runtime;

/// <summary>The filter for containers that ask for the runtime's default.</summary>
/// <remarks>
/// Calls that ordinary programs need are allowed, a few of them under conditions; some more come with the capability that the
/// kernel asks for anyway; all others answer EPERM. Calls that are newer than this list, and those that programs try first and have a
/// fallback for, answer ENOSYS, so that the fallback is taken. In effect this is what the default profiles of Docker, containerd and CRI-O do.
/// </remarks>
public static class DefaultSeccomp
{
    private const string Allow = "SCMP_ACT_ALLOW";
    private const string Refuse = "SCMP_ACT_ERRNO";
    private const uint EPERM = 1;
    private const uint ENOSYS = 38;

    private const string SysAdmin = "CAP_SYS_ADMIN";

    /// <summary>CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET of linux/sched.h.</summary>
    private const ulong NamespaceFlags = 0x7e02_0000;

    /// <summary>AF_VSOCK: a socket to the hypervisor, which no namespace holds back.</summary>
    private const ulong VirtualMachineSockets = 40;

    /// <summary>PER_LINUX, PER_LINUX32, both with UNAME26, and the query for the present one (linux/personality.h).</summary>
    private static readonly ulong[] s_personalities = [0, 0x0008, 0x0002_0000, 0x0002_0008, 0xffff_ffff];

    /// <summary>Without x32: kernels are built or booted without it, and its rules would make the filter a third longer to load.</summary>
    private static readonly string[] s_architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"];

    /// <param name="capabilities">Names in the container's bounding set, <c>CAP_</c> included: some calls come with them.</param>
    public static LinuxSeccomp For(IReadOnlySet<string> capabilities)
    {
        List<LinuxSyscall> rules = [Rule(Allow, DefaultSeccompCalls.Ordinary)];
        foreach ((string capability, string calls) in DefaultSeccompCalls.WithCapability)
        {
            if (capabilities.Contains(capability))
            {
                rules.Add(Rule(Allow, calls));
            }
        }

        rules.AddRange(s_personalities.Select(value => Rule(Allow, "personality", Arg(0, "SCMP_CMP_EQ", value))));
        rules.Add(Rule(Allow, "socket", Arg(0, "SCMP_CMP_NE", VirtualMachineSockets)));
        if (!capabilities.Contains(SysAdmin))
        {
            rules.Add(Rule(Allow, "clone", Arg(0, "SCMP_CMP_MASKED_EQ", NamespaceFlags)));

            // Its flags lie in memory, where a filter cannot look; C libraries fall back to clone.
            rules.Add(Rule(Refuse, "clone3") with { ErrnoRet = ENOSYS });
        }

        rules.Add(Rule(Refuse, DefaultSeccompCalls.Unsupported) with { ErrnoRet = ENOSYS });
        return new LinuxSeccomp
        {
            DefaultAction = Refuse,
            DefaultErrnoRet = EPERM,
            Architectures = s_architectures,
            Syscalls = rules,
        };
    }

    private static LinuxSyscall Rule(string action, string names, params LinuxSeccompArg[] args) =>
        new()
        {
            Names = names.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries),
            Action = action,
            Args = args.Length == 0 ? null : args,
        };

    private static LinuxSeccompArg Arg(uint index, string op, ulong value) => new() { Index = index, Op = op, Value = value };
}
