// SPDX-License-Identifier: Apache-2.0
using Gantry.Oci.Runtime;

namespace Gantry.Cgroups;

/// <summary>One control group: the same path in every hierarchy of the node.</summary>
/// <remarks>Holds one directory descriptor for each hierarchy until disposed; disposing does not remove the group.</remarks>
public sealed class Cgroup : IDisposable
{
    private Cgroup(string path) => Path = path;

    /// <value>Absolute below each hierarchy: <c>/kubepods/burstable/pod…/&lt;id&gt;</c>.</value>
    public string Path { get; }

    /// <summary>Makes the group and every missing one above it. One that exists already is opened.</summary>
    /// <exception cref="CgroupException">The path is not absolute, or holds an empty, <c>.</c> or <c>..</c> name.</exception>
    public static Cgroup Create(CgroupHierarchies hierarchies, string path) => throw new NotImplementedException();

    /// <returns><see langword="null"/>: no hierarchy has it.</returns>
    public static Cgroup? TryOpen(CgroupHierarchies hierarchies, string path) => throw new NotImplementedException();

    /// <summary>Kills what runs in it, then removes it and everything below. Absent is success.</summary>
    public static void Delete(CgroupHierarchies hierarchies, string path, TimeSpan timeout) => throw new NotImplementedException();

    /// <summary>Sets the limits. An absent value changes nothing.</summary>
    /// <exception cref="CgroupException">A value is wrong, or the node cannot enforce it.</exception>
    public void Apply(LinuxResources resources) => throw new NotImplementedException();

    /// <summary>The cgroup's directories, one for each hierarchy; open as long as this object. A container's view of /sys/fs/cgroup is made of them.</summary>
    public IReadOnlyList<CgroupDirectory> Directories => throw new NotImplementedException();

    public CgroupJoin OpenJoin() => throw new NotImplementedException();

    public CgroupStats ReadStats() => throw new NotImplementedException();

    /// <summary>Processes of this group and its descendants, threads counted once.</summary>
    public IReadOnlyList<int> ReadProcesses() => throw new NotImplementedException();

    /// <summary>Processes that the kernel killed for memory since the group was made, descendants included.</summary>
    public ulong ReadOomKills() => throw new NotImplementedException();

    public OomEvents OpenOomEvents() => throw new NotImplementedException();

    /// <exception cref="TimeoutException">Not frozen in time; it was thawed again.</exception>
    public void Freeze(TimeSpan timeout) => throw new NotImplementedException();

    public void Thaw() => throw new NotImplementedException();

    /// <summary>Kills every process, and thaws what was frozen.</summary>
    /// <exception cref="TimeoutException">Some still live.</exception>
    public void KillAll(TimeSpan timeout) => throw new NotImplementedException();

    public void Dispose()
    {
    }
}
