// SPDX-License-Identifier: Apache-2.0
using Gantry.Oci.Runtime;

namespace Gantry.Cgroups.Devices;

/// <summary>What every container may do with devices, whatever its own rules say (runtime-spec, "Default Devices").</summary>
public static class StandardDevices
{
    private const long MemoryMajor = 1;
    private const long TerminalMajor = 5;
    private const long PseudoTerminalMajor = 136;

    /// <summary>Rules to append to those of a container: making any node, and using null, zero, full, random, urandom, tty, console, ptmx, pts.</summary>
    public static IReadOnlyList<LinuxDeviceRule> Rules { get; } =
    [
        Allow("c", null, null, "m"),
        Allow("b", null, null, "m"),
        Allow("c", MemoryMajor, 3, "rwm"), // null
        Allow("c", MemoryMajor, 5, "rwm"), // zero
        Allow("c", MemoryMajor, 7, "rwm"), // full
        Allow("c", MemoryMajor, 8, "rwm"), // random
        Allow("c", MemoryMajor, 9, "rwm"), // urandom
        Allow("c", TerminalMajor, 0, "rwm"), // tty
        Allow("c", TerminalMajor, 1, "rwm"), // console
        Allow("c", TerminalMajor, 2, "rwm"), // ptmx
        Allow("c", PseudoTerminalMajor, null, "rwm"), // pts/*
    ];

    private static LinuxDeviceRule Allow(string type, long? major, long? minor, string access) =>
        new() { Allow = true, Type = type, Major = major, Minor = minor, Access = access };
}
