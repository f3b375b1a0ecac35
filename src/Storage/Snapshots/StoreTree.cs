// SPDX-License-Identifier: Apache-2.0
using System.Buffers;
using Gantry.Interop;
using Gantry.Interop.Files;

namespace Gantry.Storage.Snapshots;

/// <summary>Directories of a store, opened once.</summary>
internal static class StoreTree
{
    internal const uint Private = 0b111_000_000;
    internal const uint Public = 0b111_101_101;

    private const int MaximumIdLength = 64;
    private static readonly SearchValues<char> s_id =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");

    internal static OwnedFd Open(params ReadOnlySpan<string> parts) =>
        At.Open(null, StoreDirectory.Make(parts), OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);

    /// <summary>Makes a directory with exactly this mode, whatever the umask.</summary>
    internal static OwnedFd Make(OwnedFd parent, string name, uint mode)
    {
        At.Mkdir(parent, name, mode);
        OwnedFd directory = At.Open(parent, name, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
        try
        {
            OpenFile.Chmod(directory, mode);
            return directory;
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>A value that leaves here is safe as one name in a path.</summary>
    /// <exception cref="ArgumentException">The id is not of the accepted form.</exception>
    internal static string CheckId(string containerId) =>
        containerId is { Length: > 0 and <= MaximumIdLength } && containerId[0] != '.' && !containerId.AsSpan().ContainsAnyExcept(s_id)
            ? containerId
            : throw new ArgumentException("container id: 1 to 64 letters, digits, '_', '-' or '.', not starting with '.'", nameof(containerId));

    /// <summary>Runs what may meet a full disk.</summary>
    internal static T Guarded<T>(string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (SyscallException e) when (StorageException.IsNoSpace(e))
        {
            throw StorageException.NoSpace(path, 0, e);
        }
    }
}
