// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Containers;
using Gantry.Engine.Pods;
using Gantry.Oci.Runtime;

namespace Gantry.Engine.SpecBuilder;

/// <summary>What is mounted in a container: kernel file systems, the pod's files, image volumes, and what the request asks for.</summary>
internal static class MountPart
{
    private const string PodSharedMemory = "gantry:shm";

    private static readonly Mount[] s_always =
    [
        FileSystem("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
        FileSystem("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
        FileSystem("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
        FileSystem("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"),
    ];

    /// <summary>Deeper destinations after those above them; what the request mounts takes the place of a default at the same destination.</summary>
    /// <param name="volumes">Where the image's volumes lie on the node.</param>
    internal static IReadOnlyList<Mount> Build(SpecRequest request, IReadOnlyList<PlannedVolume> volumes)
    {
        var byDestination = new OrderedDictionary<string, Mount>(StringComparer.Ordinal);
        foreach (Mount mount in Defaults(request))
        {
            byDestination[mount.Destination] = mount;
        }

        foreach (PlannedVolume volume in volumes)
        {
            byDestination[volume.Destination] = Bind(volume.Source, volume.Destination, "rbind", "rprivate", "rw");
        }

        foreach (ContainerMount requested in request.Container.Mounts)
        {
            Mount mount = Requested(requested);
            byDestination.Remove(mount.Destination);
            byDestination.Add(mount.Destination, mount);
        }

        return [.. byDestination.Values.OrderBy(static m => m.Destination.Count(static c => c == '/'))];
    }

    private static IEnumerable<Mount> Defaults(SpecRequest request)
    {
        ContainerSecurity security = request.Container.Security;
        string access = security.Privileged ? "rw" : "ro";
        string files = security.ReadonlyRootfs ? "ro" : "rw";
        string directory = request.Pod.Directory;
        return
        [
            .. s_always,
            FileSystem("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", access),
            FileSystem("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", access),
            request.Pod.Config.Security.Namespaces.Ipc == NamespaceMode.Node
                ? Bind("/dev/shm", "/dev/shm", "rbind", "rprivate", "rw", "nosuid", "noexec", "nodev")
                : Bind(PodSharedMemory, "/dev/shm", "bind", "rprivate", "rw", "nosuid", "noexec", "nodev"),
            Bind($"{directory}/hosts", "/etc/hosts", "bind", "rprivate", files),
            Bind($"{directory}/hostname", "/etc/hostname", "bind", "rprivate", files),
            Bind($"{directory}/resolv.conf", "/etc/resolv.conf", "bind", "rprivate", files),
        ];
    }

    private static Mount Requested(ContainerMount mount)
    {
        if (mount.Image is not null)
        {
            throw Refuse.Unserved("mounts.image", "mounting an image");
        }

        if (mount.UidMappings.Count + mount.GidMappings.Count > 0)
        {
            throw Refuse.Unserved("mounts.uid_mappings", "an id-mapped mount");
        }

        string destination = ContainerPath.Absolute("mounts.container_path", mount.ContainerPath);
        if (destination == "/")
        {
            throw Refuse.Value("mounts.container_path", mount.ContainerPath, "a path below '/'");
        }

        string source = ContainerPath.Absolute("mounts.host_path", mount.HostPath);
        return Bind(source, destination, ["rbind", Propagation(mount), Access(mount), .. mount.Options.Select(Option)]);
    }

    private static string Access(ContainerMount mount)
    {
        if (!mount.RecursiveReadonly)
        {
            return mount.Readonly ? "ro" : "rw";
        }

        return mount.Readonly && mount.Propagation == MountPropagation.Private
            ? "rro"
            : throw Refuse.Value(
                "mounts.recursive_read_only", "true", "only together with readonly and PROPAGATION_PRIVATE");
    }

    private static string Propagation(ContainerMount mount) => mount.Propagation switch
    {
        MountPropagation.Private => "rprivate",
        MountPropagation.HostToContainer => "rslave",
        MountPropagation.Bidirectional => "rshared",
        _ => throw Refuse.Value("mounts.propagation", $"{(int)mount.Propagation}", "0, 1 or 2"),
    };

    private static string Option(string option) => option is "noexec" or "nodev" or "nosuid"
        ? option
        : throw Refuse.Value("mounts.mount_options", option, "noexec, nodev or nosuid");

    private static Mount FileSystem(string destination, string type, string source, params string[] options) =>
        new() { Destination = destination, Type = type, Source = source, Options = options };

    private static Mount Bind(string source, string destination, params string[] options) =>
        new() { Destination = destination, Type = "bind", Source = source, Options = options };
}
