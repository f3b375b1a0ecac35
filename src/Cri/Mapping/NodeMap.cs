// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.V1;
using Gantry.Engine;
using CgroupDriver = Gantry.Cri.V1.CgroupDriver;

namespace Gantry.Cri.Mapping;

/// <summary>What the node is and can.</summary>
internal static class NodeMap
{
    internal static CgroupDriver ToWire(Engine.CgroupDriver driver) =>
        driver == Engine.CgroupDriver.Systemd ? CgroupDriver.Systemd : CgroupDriver.Cgroupfs;

    internal static RuntimeCondition Condition(string type, NodeCondition condition) => new()
    {
        Type = type,
        Status = condition.Ready,
        Reason = condition.Reason,
        Message = condition.Message,
    };

    internal static RuntimeFeatures Features() => new()
    {
        SupplementalGroupsPolicy = true,
        UserNamespacesHostNetwork = false,
        MountOptions = true,
    };

    internal static RuntimeHandler Handler(string name) => new()
    {
        Name = name,
        Features = new RuntimeHandlerFeatures
        {
            // mount_setattr(2) with AT_RECURSIVE, Linux 5.12; Gantry asks for 5.15.
            RecursiveReadOnlyMounts = true,
            UserNamespaces = false,
        },
    };
}
