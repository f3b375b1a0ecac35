// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Containers;
using Gantry.Oci.Runtime;

namespace Gantry.Engine.SpecBuilder;

/// <summary>Seccomp, AppArmor, masked and read-only paths.</summary>
internal static class SecurityPart
{
    private static readonly string[] s_masked =
    [
        "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
        "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap",
        "/sys/firmware",
    ];

    private static readonly string[] s_readonly =
        ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

    /// <summary>The request's; the defaults when it names neither masked nor read-only paths. None for a privileged container.</summary>
    internal static IReadOnlyList<string> MaskedPaths(ContainerSecurity security) =>
        Paths("masked_paths", security, security.MaskedPaths, s_masked);

    internal static IReadOnlyList<string> ReadonlyPaths(ContainerSecurity security) =>
        Paths("readonly_paths", security, security.ReadonlyPaths, s_readonly);

    /// <remarks>CRI: no profile means unconfined; a privileged container is never confined.</remarks>
    internal static LinuxSeccomp? Seccomp(SpecRequest request, LinuxCapabilities capabilities)
    {
        ContainerSecurity security = request.Container.Security;
        if (security.Privileged || security.Seccomp is not SecurityProfile profile)
        {
            return null;
        }

        return profile.Type switch
        {
            SecurityProfileType.Unconfined => null,
            SecurityProfileType.RuntimeDefault => DefaultSeccomp.For((capabilities.Bounding ?? []).ToHashSet(StringComparer.Ordinal)),
            SecurityProfileType.Localhost => request.LocalhostSeccomp
                ?? throw Refuse.Value("seccomp.localhost_ref", profile.LocalhostRef, "a file with a seccomp profile"),
            _ => throw Refuse.Value("seccomp.profile_type", $"{(int)profile.Type}", "RuntimeDefault, Unconfined or Localhost"),
        };
    }

    internal static string? AppArmor(SpecRequest request)
    {
        if (request.Container.Security.Privileged
            || request.Container.Security.AppArmor is not { Type: SecurityProfileType.Localhost } profile)
        {
            return null;
        }

        return !request.Node.AppArmor
            ? throw new EngineException(
                EngineError.FailedPrecondition,
                $"apparmor.localhost_ref '{Refuse.Quotable(profile.LocalhostRef)}': this node has no AppArmor")
            : profile.LocalhostRef;
    }

    private static string[] Paths(
        string field, ContainerSecurity security, IReadOnlyList<string> requested, string[] defaults)
    {
        if (security.Privileged)
        {
            return [];
        }

        return security.MaskedPaths.Count + security.ReadonlyPaths.Count == 0
            ? defaults
            : [.. requested.Select(p => ContainerPath.Absolute(field, p))];
    }
}
