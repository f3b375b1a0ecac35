// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Pods;

namespace Gantry.Engine.Containers;

public enum SupplementalGroupsPolicy
{
    /// <summary>The listed groups and those of the image's /etc/group.</summary>
    Merge,

    /// <summary>The listed groups only.</summary>
    Strict,
}

public enum SecurityProfileType
{
    RuntimeDefault,
    Unconfined,
    Localhost,
}

/// <param name="LocalhostRef">Absolute path of the profile (seccomp) or its name (AppArmor) with <see cref="SecurityProfileType.Localhost"/>.</param>
public sealed record SecurityProfile(SecurityProfileType Type, string LocalhostRef = "");

public sealed record SelinuxOptions(string User, string Role, string Type, string Level);

/// <summary>Names with or without <c>CAP_</c> in any case; <c>ALL</c> stands for all of them.</summary>
public sealed record CapabilityRequest
{
    public IReadOnlyList<string> Add { get; init; } = [];

    public IReadOnlyList<string> Drop { get; init; } = [];

    public IReadOnlyList<string> AddAmbient { get; init; } = [];
}

public sealed record ContainerSecurity
{
    public CapabilityRequest Capabilities { get; init; } = new();

    public bool Privileged { get; init; }

    public NamespaceOptions Namespaces { get; init; } = new();

    public long? RunAsUser { get; init; }

    /// <summary>Needs <see cref="RunAsUser"/> or <see cref="RunAsUsername"/>.</summary>
    public long? RunAsGroup { get; init; }

    public string RunAsUsername { get; init; } = "";

    public IReadOnlyList<long> SupplementalGroups { get; init; } = [];

    public SupplementalGroupsPolicy SupplementalGroupsPolicy { get; init; }

    public bool ReadonlyRootfs { get; init; }

    public bool NoNewPrivileges { get; init; }

    /// <summary>As the kubelet sends them; empty together with an empty <see cref="ReadonlyPaths"/>: the defaults, unless privileged.</summary>
    public IReadOnlyList<string> MaskedPaths { get; init; } = [];

    public IReadOnlyList<string> ReadonlyPaths { get; init; } = [];

    /// <summary><see langword="null"/>: unconfined, as the CRI says.</summary>
    public SecurityProfile? Seccomp { get; init; }

    public SecurityProfile? AppArmor { get; init; }

    public SelinuxOptions? Selinux { get; init; }
}
