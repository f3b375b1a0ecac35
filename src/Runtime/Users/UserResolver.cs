// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop.Files;
using Gantry.Runtime.Launch;

namespace Gantry.Runtime.Users;

/// <summary>Who a process shall be, as the request and the image say it.</summary>
public sealed record UserRequest
{
    public uint? Uid { get; init; }

    public uint? Gid { get; init; }

    /// <summary><c>user</c>, <c>uid</c>, <c>user:group</c>, <c>uid:gid</c> or a mixture; null or empty: root.</summary>
    public string? Name { get; init; }

    public IReadOnlyList<uint> SupplementalGroups { get; init; } = [];

    /// <summary>Leave out the groups that the image's /etc/group gives the user.</summary>
    public bool StrictGroups { get; init; }
}

/// <param name="AdditionalGids">Sorted, with the primary group (CVE-2022-2995: without it a negative group ACL is dodged).</param>
/// <param name="Home">Absolute; <c>/</c> when the image has no such account.</param>
public sealed record ResolvedUser(uint Uid, uint Gid, IReadOnlyList<uint> AdditionalGids, string Home);

/// <summary>Turns names into numbers with the image's own account files.</summary>
public static class UserResolver
{
    private const string Accepted = "a number from 0 to 4294967294, or a name that the image's account files know";

    /// <exception cref="LaunchException">An unknown name, or a number out of range. Digits are never taken for a name (CVE-2024-40635).</exception>
    public static ResolvedUser Resolve(RootDirectory rootfs, UserRequest request)
    {
        (string user, string group) = Split(request);
        PasswdEntry? account = FindAccount(rootfs, request.Uid, user);
        uint uid = request.Uid ?? account?.Uid ?? ParseOrThrow("user", user);
        uint gid = request.Gid ?? (group.Length > 0 ? FindGroup(rootfs, group) : account?.Gid ?? 0);
        IEnumerable<uint> fromImage = request.StrictGroups || account is null
            ? []
            : AccountFiles.Groups(rootfs).Where(entry => entry.Members.Contains(account.Value.Name, StringComparer.Ordinal)).Select(static entry => entry.Gid);
        uint[] groups = [.. request.SupplementalGroups.Concat(fromImage).Append(gid).Distinct().Order()];
        return new ResolvedUser(uid, gid, groups, Home(account));
    }

    private static (string User, string Group) Split(UserRequest request)
    {
        string name = request.Name ?? "";
        int colon = name.IndexOf(':', StringComparison.Ordinal);
        (string user, string group) = colon < 0 ? (name, "") : (name[..colon], name[(colon + 1)..]);
        bool bad = name.AsSpan().ContainsAnyInRange('\0', ' ') || group.Contains(':', StringComparison.Ordinal) || (colon >= 0 && group.Length == 0);
        return bad ? throw LaunchException.Field("user", name, "user or user:group without blanks") : (user.Length == 0 ? "0" : user, group);
    }

    private static PasswdEntry? FindAccount(RootDirectory rootfs, uint? uid, string user)
    {
        uint? number = uid ?? (AccountFiles.TryId(user, out uint parsed) ? parsed : null);
        foreach (PasswdEntry entry in AccountFiles.Passwd(rootfs))
        {
            if (number is not null ? entry.Uid == number : !IsNumeric(user) && entry.Name == user)
            {
                return entry;
            }
        }

        return null;
    }

    private static uint FindGroup(RootDirectory rootfs, string group)
    {
        if (IsNumeric(group))
        {
            return ParseOrThrow("group", group);
        }

        foreach (GroupEntry entry in AccountFiles.Groups(rootfs))
        {
            if (entry.Name == group)
            {
                return entry.Gid;
            }
        }

        throw LaunchException.Field("user", $"no group \"{group}\" in the image's /etc/group", Accepted);
    }

    private static uint ParseOrThrow(string what, string text) =>
        AccountFiles.TryId(text, out uint id) ? id
        : throw LaunchException.Field("user", IsNumeric(text) ? $"{what} {text} out of range" : $"no {what} \"{text}\" in the image's /etc/passwd", Accepted);

    /// <summary>Signs count: <c>-1</c> and <c>+5</c> are bad numbers, not names.</summary>
    private static bool IsNumeric(string text) => text.AsSpan().TrimStart("+-").IndexOfAnyExceptInRange('0', '9') < 0;

    private static string Home(PasswdEntry? account)
    {
        string home = account?.Home ?? "/";
        bool sane = home.StartsWith('/') && home.Length <= 4096 && !home.AsSpan().ContainsAnyInRange('\0', '\u001f');
        return sane ? home : "/";
    }
}
