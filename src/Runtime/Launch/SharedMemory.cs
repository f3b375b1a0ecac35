// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using Gantry.Interop;
using Gantry.Interop.Mounts;

namespace Gantry.Runtime.Launch;

/// <summary>A tmpfs for /dev/shm that every container of a pod binds.</summary>
internal sealed class SharedMemory : IDisposable
{
    /// <summary>The mount source that stands for it in a spec (docs/processes.md).</summary>
    internal const string Source = "gantry:shm";

    private readonly OwnedFd _mount;
    private LaunchNamespace? _home;

    private SharedMemory(OwnedFd mount) => _mount = mount;

    internal static SharedMemory Create(long size)
    {
        using FileSystemContext tmpfs = new("tmpfs");
        tmpfs.Set("mode", "1777");
        tmpfs.Set("size", size.ToString(CultureInfo.InvariantCulture));
        return new SharedMemory(
            tmpfs.Mount(MountAttributes.MOUNT_ATTR_NOSUID | MountAttributes.MOUNT_ATTR_NODEV | MountAttributes.MOUNT_ATTR_NOEXEC));
    }

    /// <summary>A further detached mount of it.</summary>
    internal OwnedFd Clone()
    {
        if (_home is not null)
        {
            return _home.CloneAdopted();
        }

        try
        {
            return MountApi.CloneTree(_mount, "", recursive: false);
        }
        catch (SyscallException e) when (e.Errno == Errno.EINVAL)
        {
            return CloneAttached();
        }
    }

    /// <summary>Before Linux 6.15 only an attached mount can be copied, so it gets a small namespace of its own.</summary>
    internal OwnedFd CloneAttached()
    {
        if (_home is null)
        {
            _home = LaunchNamespace.Create();
            _home.Adopt(_mount);
        }

        return _home.CloneAdopted();
    }

    public void Dispose()
    {
        _home?.Dispose();
        _mount.Dispose();
    }
}
