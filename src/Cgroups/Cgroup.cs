// SPDX-License-Identifier: Apache-2.0
using Gantry.Cgroups.Limits;
using Gantry.Interop;
using Gantry.Interop.Control;
using Gantry.Interop.Files;
using Gantry.Oci.Runtime;

namespace Gantry.Cgroups;

/// <summary>One control group: the same path in every hierarchy of the node.</summary>
/// <remarks>
/// Holds one directory descriptor for each hierarchy until disposed; disposing does not remove the group. Not for use by two
/// threads at once, but any number of objects may stand for one group.
/// </remarks>
public sealed class Cgroup : IDisposable
{
    private Cgroup(string path, IReadOnlyList<V1Group> v1, ControlDirectory? unified, CgroupLayout layout)
    {
        Path = path;
        V1 = v1;
        Unified = unified;
        Layout = layout;
    }

    /// <value>Absolute below each hierarchy: <c>/kubepods/burstable/pod…/&lt;id&gt;</c>.</value>
    public string Path { get; }

    public CgroupLayout Layout { get; }

    /// <summary>The cgroup's directories, one for each hierarchy; open as long as this object. A container's view of /sys/fs/cgroup is made of them.</summary>
    public IReadOnlyList<CgroupDirectory> Directories =>
    [
        .. V1.Select(g => new CgroupDirectory(System.IO.Path.GetFileName(g.Hierarchy.Root.Path), g.Directory.Handle)),
        .. Unified is null ? Array.Empty<CgroupDirectory>() : [new(Layout == CgroupLayout.Unified ? "" : "unified", Unified.Handle)],
    ];

    internal IReadOnlyList<V1Group> V1 { get; }

    internal ControlDirectory? Unified { get; }

    /// <summary>Makes the group and every missing one above it. One that exists already is opened.</summary>
    /// <exception cref="CgroupException">The path is not absolute, or holds an empty, <c>.</c> or <c>..</c> name.</exception>
    /// <exception cref="SyscallException">The kernel refused; what was made before is removed.</exception>
    public static Cgroup Create(CgroupHierarchies hierarchies, string path)
    {
        string[] names = CgroupPath.Split(path);
        Stack<Action> undo = new();
        List<V1Group> v1 = [];
        ControlDirectory? unified = null;
        try
        {
            foreach (V1Hierarchy hierarchy in hierarchies.V1)
            {
                v1.Add(new V1Group(hierarchy, CgroupCreation.MakeV1(hierarchy, names, undo)));
            }

            unified = hierarchies.UnifiedRoot is { } root ? CgroupCreation.MakeV2(root, names, undo) : null;
            return new Cgroup(path, v1, unified, hierarchies.Layout);
        }
        catch
        {
            v1.ForEach(g => g.Directory.Dispose());
            unified?.Dispose();
            while (undo.TryPop(out Action? remove))
            {
                remove();
            }

            throw;
        }
    }

    /// <returns><see langword="null"/>: no hierarchy has it.</returns>
    /// <remarks>A group that some hierarchies lack (a removal was cut off) is opened with the rest.</remarks>
    public static Cgroup? TryOpen(CgroupHierarchies hierarchies, string path)
    {
        string relative = string.Join('/', CgroupPath.Split(path));
        List<V1Group> v1 = [];
        try
        {
            foreach (V1Hierarchy hierarchy in hierarchies.V1)
            {
                if (hierarchy.Root.TryOpenDirectory(relative) is { } directory)
                {
                    v1.Add(new V1Group(hierarchy, directory));
                }
            }

            ControlDirectory? unified = hierarchies.UnifiedRoot?.TryOpenDirectory(relative);
            return v1.Count == 0 && unified is null ? null : new Cgroup(path, v1, unified, hierarchies.Layout);
        }
        catch
        {
            v1.ForEach(g => g.Directory.Dispose());
            throw;
        }
    }

    /// <summary>Kills what runs in it, then removes it and everything below. Absent is success.</summary>
    /// <exception cref="TimeoutException">Processes still live in it.</exception>
    public static void Delete(CgroupHierarchies hierarchies, string path, TimeSpan timeout) =>
        CgroupRemoval.Remove(hierarchies, path, timeout);

    /// <summary>Sets the limits. An absent value changes nothing.</summary>
    /// <exception cref="CgroupException">A value is wrong, or the node cannot enforce it.</exception>
    public void Apply(LinuxResources resources) => ResourceLimits.Apply(this, resources);

    /// <summary>Opens what a child process needs to enter the group by system calls alone.</summary>
    /// <remarks>
    /// On v1 one thread that writes <c>0</c> to <c>tasks</c> takes no lock on thread groups, while <c>cgroup.procs</c> takes
    /// cgroup_threadgroup_rwsem for writing and waits for an RCU grace period. Measured on 6.18 with 9 hierarchies, one join
    /// every 60 ms: <c>tasks</c> 0.12 ms (median; p95 1.3), <c>cgroup.procs</c> 7.5 ms (median; p95 23.5). One join right after another
    /// hides the difference (0.08 ms both), because the semaphore stays in its slow mode meanwhile.
    /// </remarks>
    public CgroupJoin OpenJoin()
    {
        List<OwnedFd> tasks = [];
        try
        {
            foreach (V1Group group in V1)
            {
                tasks.Add(group.Directory.OpenFile("tasks", OpenFlags.O_WRONLY));
            }

            return new CgroupJoin(tasks, Unified?.TryOpenDirectory(".")?.Handle);
        }
        catch
        {
            tasks.ForEach(fd => fd.Dispose());
            throw;
        }
    }

    public CgroupStats ReadStats() => StatsReader.Read(this);

    /// <summary>Processes of this group and its descendants, threads counted once, in ascending order.</summary>
    public IReadOnlyList<int> ReadProcesses() => ProcessList.Read(this);

    /// <summary>Processes that the kernel killed for memory since the group was made, descendants included.</summary>
    public ulong ReadOomKills() => OomCounter.Read(this);

    /// <summary>A descriptor that tells when the group runs out of memory.</summary>
    /// <exception cref="CgroupException">The node has no memory controller here.</exception>
    public OomEvents OpenOomEvents() => OomEvents.Open(this);

    /// <exception cref="TimeoutException">Not frozen in time; it was thawed again.</exception>
    /// <exception cref="CgroupException">The node has neither a freezer hierarchy nor v2.</exception>
    public void Freeze(TimeSpan timeout) => Freezer.Freeze(this, timeout);

    public void Thaw() => Freezer.Thaw(this);

    /// <summary>Kills every process, and thaws what was frozen. New ones that they start meanwhile are killed too.</summary>
    /// <exception cref="TimeoutException">Some still live.</exception>
    public void KillAll(TimeSpan timeout) => CgroupKill.Run(this, timeout);

    public void Dispose()
    {
        foreach (V1Group group in V1)
        {
            group.Directory.Dispose();
        }

        Unified?.Dispose();
    }

    /// <summary>Directory in which a controller's files are: its v1 hierarchy, or v2 when that holds the controllers.</summary>
    internal ControlDirectory? DirectoryOf(string v1Controller)
    {
        foreach (V1Group group in V1)
        {
            if (group.Hierarchy.Controllers.Contains(v1Controller))
            {
                return group.Directory;
            }
        }

        return Layout == CgroupLayout.Unified ? Unified : null;
    }
}

/// <summary>The part of a cgroup that lies in one v1 hierarchy.</summary>
internal sealed record V1Group(V1Hierarchy Hierarchy, ControlDirectory Directory);
