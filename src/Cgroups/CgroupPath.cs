// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Cgroups;

/// <summary>Checks of a cgroup's path.</summary>
internal static class CgroupPath
{
    private const int MaxLength = 4000;
    private const int MaxName = 255;
    private const int MaxDepth = 64;
    private const string Accepted =
        "an absolute path of 1 to 64 names below each hierarchy; a name has 1 to 255 bytes, no control character, is not . or .., and is no control file";

    /// <summary>Names along the path, outermost first.</summary>
    /// <exception cref="CgroupException">Not an absolute path of proper names.</exception>
    internal static string[] Split(string path)
    {
        if (!path.StartsWith('/') || path.Length > MaxLength)
        {
            throw Refused(path);
        }

        string[] names = path[1..].Split('/');
        return names.Length <= MaxDepth && names.All(IsName) ? names : throw Refused(path);
    }

    // "cgroup.procs" and the like would collide with the kernel's own files.
    private static bool IsName(string name) =>
        name.Length > 0 && name is not ("." or "..") && System.Text.Encoding.UTF8.GetByteCount(name) <= MaxName
        && !name.Any(char.IsControl) && !name.StartsWith("cgroup.", StringComparison.Ordinal);

    private static CgroupException Refused(string path) => new("linux.cgroupsPath", path, Accepted);
}
