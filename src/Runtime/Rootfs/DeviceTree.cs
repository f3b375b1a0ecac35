// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Oci.Runtime;
using Gantry.Runtime.Launch;

namespace Gantry.Runtime.Rootfs;

/// <summary>Device nodes and links of <c>/dev</c>.</summary>
/// <remarks>runtime-spec config-linux.md "Default Devices" and runtime-linux.md "Dev symbolic links".</remarks>
internal static class DeviceTree
{
    private const uint AnybodyReadsAndWrites = 0b110_110_110;

    private static readonly LinuxDevice[] s_default =
    [
        Character("/dev/null", 1, 3), Character("/dev/zero", 1, 5), Character("/dev/full", 1, 7),
        Character("/dev/random", 1, 8), Character("/dev/urandom", 1, 9), Character("/dev/tty", 5, 0),
    ];

    private static readonly (string Name, string Target)[] s_links =
    [
        ("/dev/fd", "/proc/self/fd"), ("/dev/stdin", "/proc/self/fd/0"), ("/dev/stdout", "/proc/self/fd/1"),
        ("/dev/stderr", "/proc/self/fd/2"), ("/dev/ptmx", "pts/ptmx"),
    ];

    /// <summary>Fills /dev unless the specification binds the host's.</summary>
    internal static void Populate(MountPlan plan, Spec spec)
    {
        bool bound = spec.Mounts?.Any(static m => m.Destination.TrimEnd('/') == "/dev" && m.Type != "tmpfs") == true;
        if (bound)
        {
            return;
        }

        foreach (LinuxDevice device in (spec.Linux?.Devices ?? []).Concat(s_default).DistinctBy(static d => d.Path))
        {
            AddDevice(plan, device);
        }

        foreach ((string name, string target) in s_links)
        {
            AddLink(plan, name, target);
        }
    }

    private static LinuxDevice Character(string path, long major, long minor) =>
        new() { Path = path, Type = "c", Major = major, Minor = minor, FileMode = AnybodyReadsAndWrites };

    private static void AddDevice(MountPlan plan, LinuxDevice device)
    {
        (FileType type, DeviceNumber number) = Kind(device);
        using OwnedFd parent = Parent(plan, device.Path, out string name);
        Errno errno = At.TryMknod(parent, name, type, device.FileMode ?? AnybodyReadsAndWrites, number);
        if (errno is not (Errno.None or Errno.EEXIST))
        {
            throw new SyscallException("mknodat", device.Path, errno);
        }

        using OwnedFd node = At.Open(parent, name, OpenFlags.O_PATH | OpenFlags.O_NOFOLLOW);
        FileStatus status = OpenFile.Status(node);
        if (status.Type != type || (type != FileType.Fifo && status.NodeDevice != number))
        {
            throw LaunchException.Field("linux.devices.path", device.Path, "a path at which the image has nothing else");
        }

        OpenFile.Chmod(node, (device.FileMode ?? AnybodyReadsAndWrites) & 0b111_111_111_111);
        if (device.Uid is not null || device.Gid is not null)
        {
            OpenFile.Chown(node, device.Uid ?? 0, device.Gid ?? 0);
        }
    }

    private static (FileType Type, DeviceNumber Number) Kind(LinuxDevice device)
    {
        FileType type = device.Type switch
        {
            "c" or "u" => FileType.CharacterDevice,
            "b" => FileType.BlockDevice,
            "p" => FileType.Fifo,
            _ => throw LaunchException.Field($"linux.devices[{device.Path}].type", device.Type, "c, u, b or p"),
        };
        bool number = device.Major is >= 0 and < 1 << 12 && device.Minor is >= 0 and < 1 << 20;
        return number
            ? (type, new DeviceNumber((uint)device.Major, (uint)device.Minor))
            : throw LaunchException.Field($"linux.devices[{device.Path}]", $"{device.Major}:{device.Minor}", "major 0 to 4095, minor 0 to 1048575");
    }

    private static void AddLink(MountPlan plan, string path, string target)
    {
        using OwnedFd parent = Parent(plan, path, out string name);
        Errno errno = At.TrySymlink(target, parent, name);
        if (errno is not (Errno.None or Errno.EEXIST))
        {
            throw new SyscallException("symlinkat", path, errno);
        }
    }

    private static OwnedFd Parent(MountPlan plan, string path, out string name)
    {
        int slash = path.LastIndexOf('/');
        name = path[(slash + 1)..];
        if (!path.StartsWith('/') || name.Length == 0)
        {
            throw LaunchException.Field("linux.devices.path", path, "an absolute path of a file");
        }

        (MountTarget target, _) = plan.Locate(slash == 0 ? "/" : path[..slash], directory: true);
        return target.Place ?? throw LaunchException.Field("linux.devices.path", path, "not below proc, sysfs or mqueue");
    }
}
