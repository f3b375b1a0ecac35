// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using System.Text.Json;
using Gantry.Cgroups;
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.MonitorApi;
using Gantry.Oci.Runtime;
using Gantry.Runtime.Rootfs;
using Gantry.Runtime.Users;

namespace Gantry.Monitor.Containers;

/// <summary>What a container is made of before it runs.</summary>
/// <param name="Spec">Complete: user resolved, HOME set.</param>
/// <param name="Rootfs">The detached overlay; given away with the start.</param>
/// <param name="Cgroup">Made and limited.</param>
internal sealed record ContainerParts(Spec Spec, OverlayRootfs Rootfs, Cgroup Cgroup, ResolvedUser User);

/// <summary>Makes the parts. May wait for the disk: not for the loop's thread.</summary>
internal static class ContainerCreation
{
    private const string HomePrefix = "HOME=";

    /// <exception cref="Exception">Nothing is left of what was made.</exception>
    internal static ContainerParts Make(CreateContainer request, CgroupHierarchies hierarchies, string podCgroup)
    {
        Spec spec = ReadSpec(request);
        OverlayRootfs rootfs = Mount(request.Rootfs);
        Cgroup? cgroup = null;
        try
        {
            ResolvedUser user = UserResolver.Resolve(rootfs.Root, new UserRequest
            {
                Uid = request.User.Uid,
                Gid = request.User.Gid,
                Name = request.User.Name,
                SupplementalGroups = request.User.SupplementalGroups,
                StrictGroups = request.User.StrictGroups,
            });
            foreach (ImageVolume volume in request.Volumes)
            {
                CopyVolume(rootfs.Root, volume);
            }

            cgroup = Cgroup.Create(hierarchies, spec.Linux?.CgroupsPath ?? $"{podCgroup}/{request.ContainerId}");
            if (spec.Linux?.Resources is LinuxResources resources)
            {
                cgroup.Apply(resources);
            }

            return new ContainerParts(Complete(spec, user), rootfs, cgroup, user);
        }
        catch
        {
            rootfs.Dispose();
            if (cgroup is not null)
            {
                string path = cgroup.Path;
                cgroup.Dispose();
                Cgroup.Delete(hierarchies, path, TimeSpan.FromSeconds(1));
            }

            throw;
        }
    }

    internal static OverlayRootfs Mount(RootfsLayers layers) => OverlayRootfs.Mount(layers.Lower, layers.Upper, layers.Work);

    private static Spec ReadSpec(CreateContainer request)
    {
        Spec spec = request.Spec.Deserialize(RuntimeSpecJson.Default.Spec) ?? throw new JsonException("spec: an object is expected");
        return spec.Process is null ? throw new JsonException("spec.process: missing") : spec;
    }

    private static Spec Complete(Spec spec, ResolvedUser user)
    {
        Process process = spec.Process!;
        string[] environment = [.. process.Env ?? []];
        bool hasHome = environment.Any(static entry => entry.StartsWith(HomePrefix, StringComparison.Ordinal));
        return spec with
        {
            Process = process with
            {
                User = process.User with { Uid = user.Uid, Gid = user.Gid, AdditionalGids = user.AdditionalGids },
                Env = hasHome ? environment : [.. environment, HomePrefix + user.Home],
                // Otherwise it would inherit the monitor's own, which is as low as the kernel allows.
                OomScoreAdj = process.OomScoreAdj ?? 0,
            },
        };
    }

    // An image's path is resolved inside the rootfs, whatever links it goes through (CVE-2022-23648).
    private static void CopyVolume(RootDirectory rootfs, ImageVolume volume)
    {
        using OwnedFd? source = rootfs.TryOpen(volume.Destination, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY, out Errno errno);
        if (source is null)
        {
            if (errno is Errno.ENOENT or Errno.ENOTDIR)
            {
                return; // nothing to copy
            }

            throw new SyscallException("openat2", volume.Destination, errno);
        }

        using OwnedFd target = Openat2.Open(
            null, volume.Source, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY | OpenFlags.O_NOFOLLOW, ResolveFlags.None);
        TreeCopy.Copy(source, target, new TreeCopyLimits(), CancellationToken.None);
    }
}
