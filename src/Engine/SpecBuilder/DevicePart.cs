// SPDX-License-Identifier: Apache-2.0
using Gantry.Oci.Runtime;

namespace Gantry.Engine.SpecBuilder;

/// <summary>Device nodes of a container, and the rules that let it use them.</summary>
internal static class DevicePart
{
    private const long TtyMajor = 5;
    private const long PtyMajor = 136;

    /// <summary>What every container may use: the nodes that the runtime specification demands, and making nodes (which opens none).</summary>
    private static readonly LinuxDeviceRule[] s_defaultRules =
    [
        new() { Allow = false, Access = "rwm" },
        new() { Allow = true, Type = "c", Access = "m" },
        new() { Allow = true, Type = "b", Access = "m" },
        Character(1, 3),
        Character(1, 5),
        Character(1, 7),
        Character(1, 8),
        Character(1, 9),
        Character(TtyMajor, 0),
        Character(TtyMajor, 1),
        Character(TtyMajor, 2),
        Character(PtyMajor, null),
    ];

    /// <summary>Nodes beyond those that every container has.</summary>
    internal static IReadOnlyList<LinuxDevice> Nodes(SpecRequest request)
    {
        IEnumerable<HostDevice> devices = request.Container.Security.Privileged
            ? request.HostDevices.Where(h => request.Devices.All(d => d.Path != h.Path)).Concat(request.Devices)
            : request.Devices;
        return [.. devices.Select(static d => new LinuxDevice
        {
            Path = d.Path,
            Type = d.Type,
            Major = d.Major,
            Minor = d.Minor,
            FileMode = d.FileMode,
            Uid = d.Uid,
            Gid = d.Gid,
        })];
    }

    internal static IReadOnlyList<LinuxDeviceRule> Rules(SpecRequest request)
    {
        if (request.Container.Security.Privileged)
        {
            return [new LinuxDeviceRule { Allow = true, Access = "rwm" }];
        }

        return
        [
            .. s_defaultRules,
            .. request.Devices.Select(static d => new LinuxDeviceRule
            {
                Allow = true,
                Type = d.Type,
                Major = d.Major,
                Minor = d.Minor,
                Access = d.Access,
            }),
        ];
    }

    private static LinuxDeviceRule Character(long major, long? minor) =>
        new() { Allow = true, Type = "c", Major = major, Minor = minor, Access = "rwm" };
}
