// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.SpecBuilder;

namespace Gantry.Engine.Pods;

/// <summary>Where a pod's cgroup lies.</summary>
internal static class CgroupPlacement
{
    /// <param name="parent">As the kubelet sends it; empty: <see cref="EngineOptions.DefaultCgroupParent"/>.</param>
    /// <exception cref="EngineException"><see cref="EngineError.InvalidArgument"/>; <see cref="EngineError.FailedPrecondition"/> when kubelet and node name different drivers.</exception>
    internal static string PathOf(string parent, string podId, EngineOptions options)
    {
        string name = parent.Length == 0 ? options.DefaultCgroupParent : parent;
        bool slice = name.EndsWith(".slice", StringComparison.Ordinal);
        if (slice && options.CgroupDriver == CgroupDriver.Cgroupfs)
        {
            throw new EngineException(
                EngineError.FailedPrecondition,
                $"linux.cgroup_parent '{Refuse.Quotable(name)}': a systemd slice, but this node's cgroup driver is cgroupfs; "
                + "set cgroupDriver: cgroupfs in the kubelet's configuration, or the systemd driver in /etc/gantry/config.toml");
        }

        if (options.CgroupDriver == CgroupDriver.Systemd)
        {
            throw new EngineException(EngineError.Unimplemented, "the systemd cgroup driver is not served by this version");
        }

        string path = ContainerPath.Absolute("linux.cgroup_parent", name);
        return path == "/" ? $"/{podId}" : $"{path}/{podId}";
    }
}
