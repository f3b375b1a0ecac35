// SPDX-License-Identifier: Apache-2.0
using Gantry.Cgroups;
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Mounts;
using Gantry.Oci.Runtime;
using Gantry.Runtime.Launch;

namespace Gantry.Runtime.Rootfs;

/// <summary>Everything that is mounted in a container, in order, with each source open and each target resolved.</summary>
/// <remarks>
/// File systems that do not depend on the child's namespaces (tmpfs, devpts, binds, masks) are made here, detached; the child
/// only attaches them. proc, sysfs and mqueue show the namespaces of whoever mounts them, so the child makes those.
/// </remarks>
internal sealed class MountPlan : IDisposable
{
    private const uint DirectoryMode = 0b111_101_101;
    private const uint FileMode = 0b110_100_100;
    private readonly RootDirectory _rootfs;
    private readonly List<PlannedMount> _mounts = [];

    private MountPlan(RootDirectory rootfs) => _rootfs = rootfs;

    public IReadOnlyList<PlannedMount> Mounts => _mounts;

    /// <summary>The container's devpts, from which a terminal can be opened.</summary>
    public RootDirectory? DevPts { get; private set; }

    /// <exception cref="LaunchException">A mount that cannot be made; the message names it.</exception>
    public static MountPlan Prepare(Spec spec, RootDirectory rootfs, PodNamespaces? pod, Cgroup? cgroup)
    {
        MountPlan plan = new(rootfs);
        try
        {
            foreach (Mount mount in spec.Mounts ?? [])
            {
                plan.AddOrExplain(mount, pod, cgroup);
            }

            DeviceTree.Populate(plan, spec);
            PathCovers.Add(plan, spec.Linux?.MaskedPaths ?? [], spec.Linux?.ReadonlyPaths ?? []);
            plan.EnsureWorkingDirectory(spec.Process?.Cwd);
            return plan;
        }
        catch
        {
            plan.Dispose();
            throw;
        }
    }

    /// <summary>The place of a path in the tree as it will be with all mounts planned so far; made if missing.</summary>
    internal (MountTarget Target, string Canonical) Locate(string path, bool directory) =>
        MountLocator.Locate(_rootfs, _mounts, path, root => directory
            ? root.Root.MkdirAll(root.Path, DirectoryMode)
            : root.Root.CreateFile(root.Path, FileMode))!.Value;

    /// <summary>As <see cref="Locate"/>, but what is missing stays missing: <see langword="null"/>.</summary>
    internal (MountTarget Target, string Canonical)? LocateExisting(string path) =>
        MountLocator.Locate(_rootfs, _mounts, path, static root => root.Root.TryOpen(root.Path, OpenFlags.O_PATH, out Errno _));

    internal void Add(PlannedMount mount) => _mounts.Add(mount);

    public void Dispose() => _mounts.ForEach(static mount => mount.Dispose());

    private void AddOrExplain(Mount mount, PodNamespaces? pod, Cgroup? cgroup)
    {
        try
        {
            AddMount(mount, pod, cgroup);
        }
        catch (Exception e) when (e is SyscallException or FileRefusedException)
        {
            throw new LaunchException($"mounts[{mount.Destination}] from \"{mount.Source}\": {e.Message}", 128, e);
        }
    }

    private void AddMount(Mount mount, PodNamespaces? pod, Cgroup? cgroup)
    {
        if (!mount.Destination.StartsWith('/') || mount.Destination.Trim('/').Length == 0)
        {
            throw LaunchException.Field("mounts.destination", mount.Destination, "an absolute path below the root");
        }

        MountOptions options = MountOptions.Parse(mount.Destination, mount.Options, mount.Type == "bind");
        switch (mount.Type)
        {
            case "proc" or "sysfs" or "mqueue" when !options.Bind:
                AddMade(mount, options);
                break;
            case "cgroup" or "cgroup2" when !options.Bind:
                CgroupView.Add(this, mount.Destination, options, cgroup);
                break;
            default:
                AddReady(mount, options, pod);
                break;
        }
    }

    private void AddMade(Mount mount, MountOptions options)
    {
        (MountTarget target, string canonical) = Locate(mount.Destination, directory: true);
        Add(new PlannedMount { Action = MountAction.Make, FileSystem = mount.Type!, Destination = canonical, Target = target, Options = options });
    }

    private void AddReady(Mount mount, MountOptions options, PodNamespaces? pod)
    {
        RootDirectory tree = new(options.Bind ? Sources.Bind(mount, options, pod) : Sources.Make(mount, options));
        try
        {
            bool directory = OpenFile.Status(tree.Handle).Type == FileType.Directory;
            (MountTarget target, string canonical) = Locate(mount.Destination, directory);
            ProcGuard.Check(canonical, mount, options);
            Add(new PlannedMount { Action = MountAction.Attach, Destination = canonical, Target = target, Tree = tree, Options = options });
            DevPts = mount.Type == "devpts" ? tree : DevPts;
        }
        catch
        {
            tree.Dispose();
            throw;
        }
    }

    /// <summary>As other runtimes do, a working directory that the image lacks is made.</summary>
    private void EnsureWorkingDirectory(string? path)
    {
        if (path is null or "/" or "")
        {
            return;
        }

        try
        {
            MountLocator.Locate(_rootfs, _mounts, path, static root => root.Root.MkdirAll(root.Path, DirectoryMode))?.Target.Place?.Dispose();
        }
        catch (Exception e) when (e is SyscallException or FileRefusedException)
        {
            // The child opens the directory itself and says what is wrong with it (a read-only volume, a magic link).
        }
    }
}
