// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Mounts;
using Gantry.Interop.Spawn;

namespace Gantry.Runtime.Launch;

/// <summary>
/// A mount namespace with two mounts, from which containers are cloned: CLONE_NEWNS copies every mount of the cloner, about
/// 4 µs each, and a node has hundreds.
/// </summary>
/// <remarks>Its root is a tmpfs with <c>/proc</c> (the host's processes) and the empty directory <c>/rootfs</c>.</remarks>
public sealed class LaunchNamespace : IDisposable
{
    /// <summary>Where a child attaches its root before pivot_root.</summary>
    internal const string RootfsPath = "/rootfs";

    private const uint ReadAndEnter = 0b101_101_101;
    private readonly OwnedFd _namespace;

    private LaunchNamespace(OwnedFd mountNamespace) => _namespace = mountNamespace;

    /// <summary>Makes the namespace; about as expensive as one container start, so once per monitor.</summary>
    public static LaunchNamespace Create()
    {
        ChildStub.EnsureLoaded();
        return new LaunchNamespace(ThrowawayThread.Run(CreateOnThread));
    }

    /// <summary>Clones from inside this namespace and, if given, with children in another PID namespace.</summary>
    internal SpawnedChild Spawn(SyscallList list, CloneFlags flags, SafeHandle? intoCgroup, SafeHandle? pidNamespace, PidCell? pid) =>
        InThread(() =>
        {
            if (pidNamespace is not null)
            {
                // Counts for the children of this thread only, never for itself (pid_namespaces(7)).
                ThreadNamespaces.Join(pidNamespace, CloneFlags.CLONE_NEWPID);
            }

            return ChildStub.Spawn(list, flags, intoCgroup, pid);
        });

    /// <summary>Attaches a mount here, so that kernels before 6.15 can copy it.</summary>
    internal void Adopt(SafeHandle mount) => InThread(() =>
    {
        using OwnedFd place = Openat2.Open(null, RootfsPath, OpenFlags.O_PATH, ResolveFlags.None);
        MountApi.Attach(mount, place, RootfsPath);
        return true;
    });

    /// <summary>A detached copy of the adopted mount.</summary>
    internal OwnedFd CloneAdopted() => InThread(static () => MountApi.CloneTree(null, RootfsPath, recursive: false));

    public void Dispose() => _namespace.Dispose();

    private T InThread<T>(Func<T> work) => ThrowawayThread.Run(() =>
    {
        ThreadNamespaces.Unshare(CloneFlags.CLONE_FS);
        ThreadNamespaces.Join(_namespace, CloneFlags.CLONE_NEWNS);
        return work();
    });

    private static OwnedFd CreateOnThread()
    {
        ThreadNamespaces.Unshare(CloneFlags.CLONE_FS | CloneFlags.CLONE_NEWNS);
        using OwnedFd oldRoot = Openat2.Open(null, "/", OpenFlags.O_PATH | OpenFlags.O_DIRECTORY, ResolveFlags.None);
        MountApi.SetAttributes(oldRoot, new MountAttr { Propagation = (ulong)MountPropagation.Private }, recursive: true, "/");
        using FileSystemContext tmpfs = new("tmpfs");
        tmpfs.Set("mode", "755");
        tmpfs.Set("size", "64k");
        using OwnedFd root = tmpfs.Mount(MountAttributes.MOUNT_ATTR_NOSUID | MountAttributes.MOUNT_ATTR_NODEV | MountAttributes.MOUNT_ATTR_NOEXEC);
        using OwnedFd anywhere = Openat2.Open(null, "/proc", OpenFlags.O_PATH | OpenFlags.O_DIRECTORY, ResolveFlags.None);
        MountApi.Attach(root, anywhere, "launch root");
        At.Mkdir(root, "proc", ReadAndEnter);
        At.Mkdir(root, "rootfs", ReadAndEnter);
        using FileSystemContext procfs = new("proc");
        using OwnedFd proc = procfs.Mount(MountAttributes.None);
        using OwnedFd procTarget = Openat2.Open(root, "proc", OpenFlags.O_PATH, ResolveFlags.RESOLVE_BENEATH);
        MountApi.Attach(proc, procTarget, "launch /proc");
        MountApi.PivotInto(root);
        return ThreadNamespaces.OpenOwn("mnt");
    }
}
