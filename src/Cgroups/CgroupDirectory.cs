// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;

namespace Gantry.Cgroups;

/// <summary>A cgroup's directory in one hierarchy. The descriptor belongs to the <see cref="Cgroup"/>.</summary>
/// <param name="Name">As a container sees the hierarchy below /sys/fs/cgroup: <c>memory</c>, <c>cpu,cpuacct</c>, <c>systemd</c>, <c>unified</c>; empty on v2 only hosts.</param>
/// <param name="Handle">The directory, open.</param>
public sealed record CgroupDirectory(string Name, OwnedFd Handle);
