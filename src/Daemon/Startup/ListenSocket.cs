// SPDX-License-Identifier: Apache-2.0
using System.Net.Sockets;
using Gantry.Daemon.Configuration;
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Processes;
using Microsoft.AspNetCore.Builder;

namespace Gantry.Daemon.Startup;

/// <summary>The place of a listening socket.</summary>
internal static class ListenSocket
{
    /// <summary>Everything but reading and writing by owner and group: a socket made under it is 0660 from its first instant.</summary>
    private const uint SocketMask = 0b001_001_111;

    /// <summary>Starts a server whose one endpoint is <paramref name="path"/>.</summary>
    /// <exception cref="ConfigException">The place is taken.</exception>
    internal static async Task OpenAsync(string path, WebApplication server)
    {
        Prepare(path);
        uint before = ProcessControl.SetUmask(SocketMask);
        try
        {
            await server.StartAsync();
        }
        finally
        {
            ProcessControl.SetUmask(before);
        }
    }

    /// <summary>Makes room for a socket: its directory, and no stale socket of a daemon that died.</summary>
    /// <exception cref="ConfigException">Somebody answers there, or it is no socket.</exception>
    internal static void Prepare(string path)
    {
        const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!, OwnerOnly);
        if (!File.Exists(path) && !Directory.Exists(path))
        {
            return;
        }

        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused && IsSocket(path))
        {
            File.Delete(path);
            return;
        }
        catch (SocketException e)
        {
            throw new ConfigException([$"listen: {path}: exists and is no stale socket ({e.Message}); remove it, or choose another path"]);
        }

        throw new ConfigException([$"listen: {path}: another process answers there; stop it, or choose another path"]);
    }

    /// <summary>A connection to a regular file is refused like one to a dead socket: only a socket is removed.</summary>
    private static bool IsSocket(string path) =>
        At.TryStatus(null, path, out FileStatus status) == Errno.None && status.Type == FileType.Socket;
}
