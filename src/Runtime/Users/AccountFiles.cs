// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;
using Gantry.Interop;
using Gantry.Interop.Files;

namespace Gantry.Runtime.Users;

/// <summary>An account of passwd(5).</summary>
internal readonly record struct PasswdEntry(string Name, uint Uid, uint Gid, string Home);

/// <summary>A group of group(5).</summary>
internal readonly record struct GroupEntry(string Name, uint Gid, string[] Members);

/// <summary>Reads an image's /etc/passwd and /etc/group: never NSS, never more than a bound (CVE-2025-4437).</summary>
/// <remarks>Lines that are not of the format are passed over, as the C library does.</remarks>
internal static class AccountFiles
{
    private const int MaxBytes = 16 << 20;
    private const int PasswdFields = 7;
    private const int GroupFields = 4;

    internal static IEnumerable<PasswdEntry> Passwd(RootDirectory rootfs) => ParsePasswd(Read(rootfs, "/etc/passwd"));

    internal static IEnumerable<GroupEntry> Groups(RootDirectory rootfs) => ParseGroups(Read(rootfs, "/etc/group"));

    internal static IEnumerable<PasswdEntry> ParsePasswd(string text)
    {
        foreach (string line in text.Split('\n'))
        {
            string[] fields = line.Split(':', PasswdFields);
            if (fields.Length >= 6 && fields[0].Length > 0 && TryId(fields[2], out uint uid) && TryId(fields[3], out uint gid))
            {
                yield return new PasswdEntry(fields[0], uid, gid, fields[5]);
            }
        }
    }

    internal static IEnumerable<GroupEntry> ParseGroups(string text)
    {
        foreach (string line in text.Split('\n'))
        {
            string[] fields = line.Split(':', GroupFields);
            if (fields.Length >= 3 && fields[0].Length > 0 && TryId(fields[2], out uint gid))
            {
                string[] members = fields.Length == GroupFields ? fields[3].TrimEnd('\r').Split(',', StringSplitOptions.RemoveEmptyEntries) : [];
                yield return new GroupEntry(fields[0], gid, members);
            }
        }
    }

    /// <summary>A number and nothing else: 0 to 4294967294 (4294967295 is "no id" to the kernel).</summary>
    internal static bool TryId(string text, out uint id) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id) && id != uint.MaxValue;

    private static string Read(RootDirectory rootfs, string path)
    {
        byte[]? bytes = rootfs.TryReadFile(path, MaxBytes, out Errno errno);
        return bytes is not null ? Encoding.UTF8.GetString(bytes)
            : errno is Errno.ENOENT or Errno.ENOTDIR ? ""
            : throw new SyscallException("openat2", path, errno);
    }
}
