// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Gantry.Interop.Processes;
using Gantry.Oci.Runtime;

namespace Gantry.Runtime.Launch;

/// <param name="Number">RLIMIT_* of asm-generic/resource.h.</param>
internal readonly record struct ResourceLimit(int Number, ulong Soft, ulong Hard);

/// <summary><c>process.rlimits</c> and <c>process.oomScoreAdj</c> within what this process may set (CAP_SYS_RESOURCE).</summary>
internal static class ResourceLimits
{
    private static readonly string[] s_names =
    [
        "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_DATA", "RLIMIT_STACK", "RLIMIT_CORE", "RLIMIT_RSS", "RLIMIT_NPROC", "RLIMIT_NOFILE",
        "RLIMIT_MEMLOCK", "RLIMIT_AS", "RLIMIT_LOCKS", "RLIMIT_SIGPENDING", "RLIMIT_MSGQUEUE", "RLIMIT_NICE", "RLIMIT_RTPRIO", "RLIMIT_RTTIME",
    ];

    private static readonly Lazy<bool> s_mayRaise = new(static () => ProcessRights.HasCapability(SysResource));
    private const int SysResource = 24;

    /// <summary>A hard limit above our own is lowered to it, with a warning, when the kernel would refuse it.</summary>
    internal static ResourceLimit Resolve(Rlimit limit, List<string> warnings)
    {
        int number = Array.IndexOf(s_names, limit.Type);
        if (number < 0)
        {
            throw LaunchException.Field("process.rlimits.type", limit.Type, $"one of {string.Join(", ", s_names)}");
        }

        if (limit.Soft > limit.Hard)
        {
            throw LaunchException.Field($"process.rlimits[{limit.Type}].soft", limit.Soft.ToString(CultureInfo.InvariantCulture), $"at most hard ({limit.Hard})");
        }

        ulong own = s_mayRaise.Value ? ulong.MaxValue : ProcessRights.GetLimit(number).Hard;
        if (limit.Hard > own)
        {
            warnings.Add($"process.rlimits[{limit.Type}]: hard limit {limit.Hard} lowered to {own}: raising it needs CAP_SYS_RESOURCE");
        }

        return new ResourceLimit(number, Math.Min(limit.Soft, own), Math.Min(limit.Hard, own));
    }

    /// <summary>A score below our own is raised to it, with a warning, when the kernel would refuse it (proc_pid_oom_score_adj(5)).</summary>
    internal static int? ResolveScore(int? wanted, List<string> warnings)
    {
        if (wanted is < -1000 or > 1000)
        {
            throw LaunchException.Field("process.oomScoreAdj", wanted.Value.ToString(CultureInfo.InvariantCulture), "-1000 to 1000");
        }

        if (wanted is null || s_mayRaise.Value)
        {
            return wanted;
        }

        int own = ProcessRights.GetOomScoreAdj();
        if (wanted < own)
        {
            warnings.Add($"process.oomScoreAdj: {wanted} raised to {own}: lowering it needs CAP_SYS_RESOURCE");
        }

        return Math.Max(wanted.Value, own);
    }
}
