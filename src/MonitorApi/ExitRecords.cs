// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using System.Text.Json;
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.MonitorApi.Framing;

namespace Gantry.MonitorApi;

/// <summary>Exit records of a pod: <c>&lt;pod directory&gt;/exits/&lt;container id&gt;.json</c>, written by its monitor before it tells anybody.</summary>
public static class ExitRecords
{
    /// <summary>Name of the directory in the pod's.</summary>
    public const string DirectoryName = "exits";

    private const int MaxSize = 64 * 1024;
    private const uint Mode = 0x180; // 0600

    /// <summary>The exit of a container, also when its monitor is dead.</summary>
    /// <param name="containerId">One file name: no slash.</param>
    /// <returns><see langword="null"/>: no exit was recorded.</returns>
    /// <exception cref="JsonException">The record is damaged.</exception>
    public static ContainerExit? TryRead(string podDirectory, string containerId)
    {
        using OwnedFd? file = Openat2.TryOpen(
            null, Path.Combine(podDirectory, DirectoryName, containerId + ".json"), OpenFlags.O_RDONLY, ResolveFlags.None, out Errno errno);
        if (file is null)
        {
            return errno == Errno.ENOENT ? null : throw new SyscallException("openat2", $"{podDirectory}/{DirectoryName}/{containerId}.json", errno);
        }

        byte[] json = OpenFile.ReadToEnd(file, MaxSize, containerId);
        return JsonSerializer.Deserialize(json, MonitorJson.Default.ContainerExit);
    }

    /// <summary>Replaces the record of a container; a crash leaves the old or the new one.</summary>
    /// <param name="directory">The open directory of exits.</param>
    public static void Write(SafeHandle directory, ContainerExit exit) =>
        AtomicFile.Write(
            directory, exit.ContainerId + ".json",
            JsonSerializer.SerializeToUtf8Bytes(exit, MonitorJson.Default.ContainerExit), Mode, sync: false);
}
