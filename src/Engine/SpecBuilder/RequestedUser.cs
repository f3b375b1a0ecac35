// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Containers;
using Gantry.MonitorApi;

namespace Gantry.Engine.SpecBuilder;

/// <summary>Who the container's first process runs as, before the image's files were asked.</summary>
internal static class RequestedUser
{
    /// <summary>4294967295 means "unchanged" to the kernel, so it is no id.</summary>
    private const long MaxId = uint.MaxValue - 1;

    /// <param name="imageUser"><c>User</c> of the image's configuration.</param>
    /// <exception cref="EngineException"><see cref="EngineError.InvalidArgument"/>: an id out of range (CVE-2024-40635), or a group without a user.</exception>
    internal static ProcessUser Build(ContainerSecurity security, string? imageUser)
    {
        bool named = security.RunAsUsername.Length > 0;
        if (security.RunAsGroup is not null && security.RunAsUser is null && !named)
        {
            throw Refuse.Value("run_as_group", $"{security.RunAsGroup}", "only together with run_as_user or run_as_username");
        }

        return new ProcessUser
        {
            Uid = Id("run_as_user", security.RunAsUser),
            Gid = Id("run_as_group", security.RunAsGroup),
            Name = security.RunAsUser is not null ? null : named ? security.RunAsUsername : imageUser,
            SupplementalGroups = [.. security.SupplementalGroups.Select(static g => Id("supplemental_groups", g)!.Value)],
            StrictGroups = security.SupplementalGroupsPolicy switch
            {
                SupplementalGroupsPolicy.Merge => false,
                SupplementalGroupsPolicy.Strict => true,
                _ => throw Refuse.Value(
                    "supplemental_groups_policy", $"{(int)security.SupplementalGroupsPolicy}", "0 (Merge) or 1 (Strict)"),
            },
        };
    }

    private static uint? Id(string field, long? id) => id switch
    {
        null => null,
        >= 0 and <= MaxId => (uint)id.Value,
        _ => throw Refuse.Value(field, $"{id}", $"0 to {MaxId}"),
    };
}
