// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;

namespace Gantry.Storage;

public enum StorageError
{
    /// <summary>No such content or record.</summary>
    NotFound,

    /// <summary>Content does not have the digest or size that names it.</summary>
    Corrupt,

    /// <summary>The file system is full, or a quota is.</summary>
    NoSpace,

    /// <summary>Somebody else in this process writes the same content.</summary>
    Busy,
}

/// <summary>An expected failure of the store.</summary>
public sealed class StorageException : IOException
{
    public StorageException(StorageError error, string message, Exception? innerException = null)
        : base(message, innerException) =>
        Error = error;

    public StorageError Error { get; }

    /// <summary>True for ENOSPC and EDQUOT, however they reached us.</summary>
    public static bool IsNoSpace(Exception exception) => exception switch
    {
        StorageException e => e.Error == StorageError.NoSpace,
        IOException e => e.HResult is (int)Errno.ENOSPC or (int)Errno.EDQUOT,
        _ => false,
    };

    /// <summary>The error that a full disk gets.</summary>
    /// <param name="path">Where there is no room.</param>
    /// <param name="needed">Bytes still to be written; zero or less: unknown.</param>
    public static StorageException NoSpace(string path, long needed, Exception? cause = null) =>
        new(
            StorageError.NoSpace,
            needed > 0 ? $"no space left on {path}: needs {needed} bytes" : $"no space left on {path}",
            cause);
}
