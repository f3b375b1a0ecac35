// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Containers;
using Gantry.Engine.Pods;
using Wire = Gantry.Cri.V1;

namespace Gantry.Cri.Mapping;

/// <summary>Security contexts of pods and containers.</summary>
internal static class SecurityMap
{
    private const string LocalhostPrefix = "localhost/";

    internal static PodSecurity FromWire(string field, Wire.LinuxSandboxSecurityContext? wire) => wire is null ? new PodSecurity() : new()
    {
        Namespaces = Namespaces($"{field}.namespace_options", wire.NamespaceOptions),
        Privileged = wire.Privileged,
        ReadonlyRootfs = wire.ReadonlyRootfs,
        RunAsUser = Id($"{field}.run_as_user", wire.RunAsUser),
        RunAsGroup = Id($"{field}.run_as_group", wire.RunAsGroup),
        SupplementalGroups = Groups(field, wire.SupplementalGroups),
        SupplementalGroupsPolicy = Policy(field, wire.SupplementalGroupsPolicy),
        Seccomp = Profile($"{field}.seccomp", wire.Seccomp, OldSeccompPath(wire)),
        AppArmor = Profile($"{field}.apparmor", wire.Apparmor, ""),
        Selinux = Selinux(wire.SelinuxOptions),
    };

    internal static ContainerSecurity FromWire(string field, Wire.LinuxContainerSecurityContext? wire) => wire is null ? new ContainerSecurity() : new()
    {
        Capabilities = Capabilities(wire.Capabilities),
        Privileged = wire.Privileged,
        Namespaces = Namespaces($"{field}.namespace_options", wire.NamespaceOptions),
        RunAsUser = Id($"{field}.run_as_user", wire.RunAsUser),
        RunAsGroup = Id($"{field}.run_as_group", wire.RunAsGroup),
        RunAsUsername = wire.RunAsUsername,
        SupplementalGroups = Groups(field, wire.SupplementalGroups),
        SupplementalGroupsPolicy = Policy(field, wire.SupplementalGroupsPolicy),
        ReadonlyRootfs = wire.ReadonlyRootfs,
        NoNewPrivileges = wire.NoNewPrivs,
        MaskedPaths = [.. wire.MaskedPaths],
        ReadonlyPaths = [.. wire.ReadonlyPaths],
        Seccomp = Profile($"{field}.seccomp", wire.Seccomp, OldSeccompPath(wire)),
        AppArmor = Profile($"{field}.apparmor", wire.Apparmor, OldAppArmorProfile(wire)),
        Selinux = Selinux(wire.SelinuxOptions),
    };

    internal static NamespaceOptions Namespaces(string field, Wire.NamespaceOption? wire) => wire is null ? new NamespaceOptions() : new()
    {
        Network = Mode($"{field}.network", wire.Network),
        Pid = Mode($"{field}.pid", wire.Pid),
        Ipc = Mode($"{field}.ipc", wire.Ipc),
        TargetId = wire.Pid == Wire.NamespaceMode.Target ? Require.Id($"{field}.target_id", wire.TargetId) : "",
        User = wire.UsernsOptions is Wire.UserNamespace user
            ? new UserNamespace(Mode($"{field}.userns_options.mode", user.Mode), Mappings(user.Uids), Mappings(user.Gids))
            : null,
    };

    internal static Wire.NamespaceOption ToWire(NamespaceOptions options)
    {
        var wire = new Wire.NamespaceOption
        {
            Network = (Wire.NamespaceMode)options.Network,
            Pid = (Wire.NamespaceMode)options.Pid,
            Ipc = (Wire.NamespaceMode)options.Ipc,
            TargetId = options.TargetId,
        };
        if (options.User is UserNamespace user)
        {
            wire.UsernsOptions = new Wire.UserNamespace { Mode = (Wire.NamespaceMode)user.Mode };
            wire.UsernsOptions.Uids.AddRange(user.Uids.Select(ToWire));
            wire.UsernsOptions.Gids.AddRange(user.Gids.Select(ToWire));
        }

        return wire;
    }

    internal static IReadOnlyList<IdMapping> Mappings(IEnumerable<Wire.IDMapping> wire) =>
        [.. wire.Select(mapping => new IdMapping(mapping.HostId, mapping.ContainerId, mapping.Length))];

    internal static Wire.IDMapping ToWire(IdMapping mapping) =>
        new() { HostId = mapping.HostId, ContainerId = mapping.ContainerId, Length = mapping.Length };

    /// <param name="old">The field of older kubelets: runtime/default, docker/default, unconfined, localhost/NAME.</param>
    internal static SecurityProfile? Profile(string field, Wire.SecurityProfile? wire, string old) => wire is null
        ? OldProfile(field, old)
        : wire.ProfileType switch
        {
            Wire.SecurityProfile.Types.ProfileType.RuntimeDefault => new SecurityProfile(SecurityProfileType.RuntimeDefault),
            Wire.SecurityProfile.Types.ProfileType.Unconfined => new SecurityProfile(SecurityProfileType.Unconfined),
            Wire.SecurityProfile.Types.ProfileType.Localhost => new SecurityProfile(
                SecurityProfileType.Localhost, Require.Name($"{field}.localhost_ref", wire.LocalhostRef)),
            _ => throw Require.Invalid($"{field}.profile_type", $"{(int)wire.ProfileType}", "0 (RuntimeDefault), 1 (Unconfined), 2 (Localhost)"),
        };

    private static SecurityProfile? OldProfile(string field, string old) => old switch
    {
        "" => null,
        "unconfined" => new SecurityProfile(SecurityProfileType.Unconfined),
        "runtime/default" or "docker/default" => new SecurityProfile(SecurityProfileType.RuntimeDefault),
        _ when old.StartsWith(LocalhostPrefix, StringComparison.Ordinal) =>
            new SecurityProfile(SecurityProfileType.Localhost, old[LocalhostPrefix.Length..]),
        _ => throw Require.Invalid(field, old, "runtime/default, docker/default, unconfined, localhost/NAME"),
    };

#pragma warning disable CS0612 // Kubelets up to 1.24 and some clients still send the deprecated fields.
    private static string OldSeccompPath(Wire.LinuxSandboxSecurityContext wire) => wire.SeccompProfilePath;

    private static string OldSeccompPath(Wire.LinuxContainerSecurityContext wire) => wire.SeccompProfilePath;

    private static string OldAppArmorProfile(Wire.LinuxContainerSecurityContext wire) => wire.ApparmorProfile;
#pragma warning restore CS0612

    private static NamespaceMode Mode(string field, Wire.NamespaceMode wire) => (int)wire is >= 0 and <= (int)Wire.NamespaceMode.Target
        ? (NamespaceMode)wire
        : throw Require.Invalid(field, $"{(int)wire}", "0 (POD), 1 (CONTAINER), 2 (NODE), 3 (TARGET)");

    private static SupplementalGroupsPolicy Policy(string field, Wire.SupplementalGroupsPolicy wire) => wire switch
    {
        Wire.SupplementalGroupsPolicy.Merge => SupplementalGroupsPolicy.Merge,
        Wire.SupplementalGroupsPolicy.Strict => SupplementalGroupsPolicy.Strict,
        _ => throw Require.Invalid($"{field}.supplemental_groups_policy", $"{(int)wire}", "0 (Merge), 1 (Strict)"),
    };

    /// <summary>A user or group id: no wrap to another one (CVE-2024-40635).</summary>
    private static long? Id(string field, Wire.Int64Value? wire) => wire is null ? null : Id(field, wire.Value);

    private static long Id(string field, long value) => value is >= 0 and <= uint.MaxValue - 1
        ? value
        : throw Require.Invalid(field, $"{value}", "0 to 4294967294");

    private static IReadOnlyList<long> Groups(string field, IEnumerable<long> wire) =>
        [.. wire.Select(group => Id($"{field}.supplemental_groups", group))];

    private static SelinuxOptions? Selinux(Wire.SELinuxOption? wire) =>
        wire is null ? null : new SelinuxOptions(wire.User, wire.Role, wire.Type, wire.Level);

    private static CapabilityRequest Capabilities(Wire.Capability? wire) => wire is null ? new CapabilityRequest() : new()
    {
        Add = [.. wire.AddCapabilities],
        Drop = [.. wire.DropCapabilities],
        AddAmbient = [.. wire.AddAmbientCapabilities],
    };
}
