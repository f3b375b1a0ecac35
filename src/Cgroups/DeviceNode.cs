// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Files;

namespace Gantry.Cgroups;

/// <summary>A device node of the host: what a device rule and a node in a container are made from.</summary>
/// <param name="Path">Absolute, where it was found.</param>
/// <param name="Type"><c>c</c> or <c>b</c>.</param>
/// <param name="Mode">Permission bits.</param>
public sealed record DeviceNode(string Path, string Type, uint Major, uint Minor, uint Mode, uint Uid, uint Gid)
{
    /// <summary>Follows links: <c>/dev/mapper/x</c> is the device behind it.</summary>
    /// <returns><see langword="null"/>: nothing is there, or it is no device.</returns>
    public static DeviceNode? TryRead(string path)
    {
        using OwnedFd? file = Openat2.TryOpen(null, path, OpenFlags.O_PATH | OpenFlags.O_CLOEXEC, ResolveFlags.None, out _);
        if (file is null)
        {
            return null;
        }

        FileStatus status = OpenFile.Status(file);
        return status.Type is FileType.CharacterDevice or FileType.BlockDevice
            ? new DeviceNode(
                path,
                status.Type == FileType.CharacterDevice ? "c" : "b",
                status.NodeDevice.Major,
                status.NodeDevice.Minor,
                status.Mode,
                status.Uid,
                status.Gid)
            : null;
    }
}
