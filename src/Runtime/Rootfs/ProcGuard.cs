// SPDX-License-Identifier: Apache-2.0
using Gantry.Oci.Runtime;
using Gantry.Runtime.Launch;

namespace Gantry.Runtime.Rootfs;

/// <summary>Nothing but procfs may stand where the runtime and the container trust procfs (CVE-2019-16884, CVE-2019-19921, CVE-2023-27561).</summary>
internal static class ProcGuard
{
    private const string Accepted = "not in /proc, except a proc mount or one of the files that lxcfs provides";

    private static readonly HashSet<string> s_files = new(StringComparer.Ordinal)
    {
        "/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat", "/proc/swaps", "/proc/uptime", "/proc/loadavg",
        "/proc/slabinfo", "/proc/net/dev", "/proc/sys/kernel/ns_last_pid", "/proc/sys/crypto/fips_enabled",
    };

    /// <param name="canonical">Where the mount really goes.</param>
    internal static void Check(string canonical, Mount mount, MountOptions options)
    {
        bool inside = canonical == "/proc" || canonical.StartsWith("/proc/", StringComparison.Ordinal);
        bool hostProc = canonical == "/proc" && options.Bind && mount.Source == "/proc";
        if (inside && !hostProc && !s_files.Contains(canonical))
        {
            throw LaunchException.Field($"mounts[{mount.Destination}].destination", canonical, Accepted);
        }
    }
}
