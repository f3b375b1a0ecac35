// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Storage;

/// <summary>Directories of the store: 0700, so that no other user can reach into them (CVE-2021-41103).</summary>
internal static class StoreDirectory
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    internal static string Make(params ReadOnlySpan<string> parts)
    {
        string path = Path.Combine(parts);
        try
        {
            Directory.CreateDirectory(path, Private);
        }
        catch (IOException e) when (StorageException.IsNoSpace(e))
        {
            throw StorageException.NoSpace(path, 0, e);
        }

        return path;
    }
}
