// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Events;
using Gantry.Interop.Files;
using Gantry.Interop.Processes;
using Gantry.Interop.Sockets;
using Gantry.Interop.Spawn;

namespace Gantry.MonitorApi.Client;

/// <summary>What <see cref="MonitorLauncher.ReattachAsync"/> found.</summary>
/// <param name="Client">The living monitor; <see langword="null"/>: it is dead.</param>
/// <param name="Lock">
/// With a dead monitor: its lock, so that one which was just being started ends itself. Dispose it after the pod's
/// directory is gone. <see langword="null"/> when there is no directory.
/// </param>
public readonly record struct Reattachment(MonitorClient? Client, IDisposable? Lock);

/// <summary>Starts monitors and finds them again.</summary>
/// <param name="program">Absolute path of gantry-monitor.</param>
/// <param name="environment">Environment of monitors, <c>NAME=value</c>; normally empty.</param>
public sealed class MonitorLauncher(MonitorLoop loop, string program, IReadOnlyList<string> environment)
{
    /// <summary>Name of the lock file in a pod's directory.</summary>
    public const string LockName = "lock";

    /// <summary>Name of the socket in a pod's directory.</summary>
    public const string SocketName = "monitor.sock";

    private const string LogName = "monitor.log";
    private const uint PrivateMode = 0x180; // 0600
    private static readonly TimeSpan s_retry = TimeSpan.FromMilliseconds(5);

    /// <summary>Starts the monitor of a pod and waits until it serves.</summary>
    /// <param name="podDirectory">Absolute, exists, 0700.</param>
    /// <param name="cancellationToken">When it fires before the monitor serves, the monitor is killed.</param>
    /// <exception cref="MonitorException">The monitor's own words, or how it ended.</exception>
    /// <exception cref="SpawnException">The program could not be executed.</exception>
    public async Task<MonitorClient> StartAsync(string podDirectory, CancellationToken cancellationToken)
    {
        (OwnedFd ours, OwnedFd theirs) = UnixSocket.Pair();
        SpawnedChild child;
        try
        {
            using (theirs)
            {
                child = MonitorSpawn.Run(program, podDirectory, LogName, theirs, environment);
            }
        }
        catch
        {
            ours.Dispose();
            throw;
        }

        Task<ChildExit?> ended = CollectAsync(child.Pidfd, ownChild: true);
        MonitorConnection connection = new(loop, ours);
        try
        {
            await connection.Ready.WaitAsync(cancellationToken);
            return new MonitorClient(loop, connection, child.Pidfd, child.Pid);
        }
        catch (Exception cause)
        {
            using MonitorClient failed = new(loop, connection, child.Pidfd, child.Pid);
            failed.Kill();
            ChildExit? exit = await ended;
            if (cause is MonitorException { Kind: MonitorErrorKind.Disconnected })
            {
                throw new MonitorException(
                    MonitorErrorKind.Internal, $"the monitor ended before it served, exit code {exit?.ExitCode}: see {podDirectory}/{LogName}", cause);
            }

            throw;
        }
    }

    /// <summary>Finds the monitor of a pod after a restart of gantryd.</summary>
    /// <param name="cancellationToken">Bounds the wait for a monitor that holds its lock and does not listen (yet).</param>
    public async Task<Reattachment> ReattachAsync(string podDirectory, CancellationToken cancellationToken)
    {
        while (true)
        {
            (bool dead, OwnedFd? held) = TryLock(podDirectory);
            if (dead)
            {
                return new Reattachment(null, held);
            }

            if (await TryConnectAsync(podDirectory, cancellationToken) is MonitorClient client)
            {
                return new Reattachment(client, null);
            }

            await Task.Delay(s_retry, cancellationToken);
        }
    }

    private static (bool Dead, OwnedFd? Held) TryLock(string podDirectory)
    {
        string path = Path.Combine(podDirectory, LockName);
        OwnedFd file;
        try
        {
            file = Openat2.Open(null, path, OpenFlags.O_RDWR | OpenFlags.O_CREAT, ResolveFlags.None, PrivateMode);
        }
        catch (SyscallException e) when (e.Errno == Errno.ENOENT)
        {
            return (true, null); // no directory, no monitor
        }

        if (OpenFile.TryLock(file, FileLock.Exclusive))
        {
            return (true, file);
        }

        file.Dispose();
        return (false, null);
    }

    /// <returns><see langword="null"/>: nobody listens (any more).</returns>
    private async Task<MonitorClient?> TryConnectAsync(string podDirectory, CancellationToken cancellationToken)
    {
        OwnedFd? socket = null;
        OwnedFd process;
        int pid;
        try
        {
            using OwnedFd directory = Openat2.Open(null, podDirectory, OpenFlags.O_PATH | OpenFlags.O_DIRECTORY, ResolveFlags.None);
            socket = UnixSocket.Connect(directory, SocketName);
            pid = UnixSocket.GetPeerCredentials(socket).Pid;
            process = Pidfd.Open(pid);
        }
        catch (SyscallException e) when (e.Errno is Errno.ENOENT or Errno.ECONNREFUSED or Errno.EAGAIN or Errno.ESRCH)
        {
            socket?.Dispose();
            return null;
        }

        _ = CollectAsync(process, ownChild: false);
        MonitorClient client = new(loop, new MonitorConnection(loop, socket), process, pid);
        try
        {
            await client.Connection.Ready.WaitAsync(cancellationToken);
            return client;
        }
        catch (MonitorException)
        {
            return null;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    // A monitor that this gantryd started is its child and must be collected, whenever it ends. The pidfd lives until then.
    private Task<ChildExit?> CollectAsync(OwnedFd process, bool ownChild)
    {
        TaskCompletionSource<ChildExit?> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Events.Post(() =>
        {
            EventLoop.Watch? watch = null;
            watch = loop.Events.Add(process, EpollEvents.EPOLLIN, _ =>
            {
                watch!.Dispose();
                ChildExit? exit = ownChild ? Pidfd.TryReap(process) : null;
                process.Dispose();
                ended.TrySetResult(exit);
            });
        });
        return ended.Task;
    }
}
