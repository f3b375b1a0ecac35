// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Sockets;
using Gantry.MonitorApi;
using Gantry.MonitorApi.Client;

namespace Gantry.Monitor.Pods;

/// <summary>The pod's directory in the state directory: lock, socket, exit records. The lock is held as long as this object.</summary>
internal sealed class PodDirectory : IDisposable
{
    private const uint PrivateFile = 0x180; // 0600
    private const uint PrivateDirectory = 0x1C0; // 0700
    private readonly OwnedFd _directory;
    private readonly OwnedFd _lock;

    private PodDirectory(OwnedFd directory, OwnedFd held, OwnedFd exits)
    {
        _directory = directory;
        _lock = held;
        Exits = exits;
    }

    /// <summary>Where <see cref="ExitRecords"/> go.</summary>
    internal OwnedFd Exits { get; }

    /// <exception cref="MonitorException">Somebody holds the lock: another monitor, or gantryd, which removes the pod.</exception>
    internal static PodDirectory Open(string path)
    {
        OwnedFd directory = Openat2.Open(null, path, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY, ResolveFlags.None);
        OwnedFd? held = null;
        try
        {
            held = Openat2.Open(
                directory, MonitorLauncher.LockName, OpenFlags.O_RDWR | OpenFlags.O_CREAT | OpenFlags.O_NOFOLLOW, ResolveFlags.RESOLVE_BENEATH, PrivateFile);
            if (!OpenFile.TryLock(held, FileLock.Exclusive))
            {
                throw new MonitorException(MonitorErrorKind.AlreadyExists, $"{path}/{MonitorLauncher.LockName}: is held by somebody else");
            }

            At.TryMkdir(directory, ExitRecords.DirectoryName, PrivateDirectory);
            OwnedFd exits = Openat2.Open(
                directory, ExitRecords.DirectoryName, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY | OpenFlags.O_NOFOLLOW, ResolveFlags.RESOLVE_BENEATH);
            AtomicFile.RemoveLeftovers(exits);
            return new PodDirectory(directory, held, exits);
        }
        catch
        {
            held?.Dispose();
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Listens where gantryd looks for us.</summary>
    internal OwnedFd Listen()
    {
        At.TryUnlink(_directory, MonitorLauncher.SocketName); // of a monitor that was killed: we have its lock
        return UnixSocket.Listen(_directory, MonitorLauncher.SocketName, PrivateFile);
    }

    public void Dispose()
    {
        Exits.Dispose();
        _directory.Dispose();
        _lock.Dispose();
    }
}
