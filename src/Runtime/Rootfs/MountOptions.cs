// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop.Mounts;
using Gantry.Runtime.Launch;

namespace Gantry.Runtime.Rootfs;

/// <summary>The options of one OCI mount, sorted by what the kernel takes them for.</summary>
/// <remarks>runtime-spec config.md "Linux mount options"; mount(8); mount_setattr(2).</remarks>
internal sealed record MountOptions
{
    private static readonly Dictionary<string, (MountAttributes Set, MountAttributes Clear)> s_attributes = new(StringComparer.Ordinal)
    {
        ["ro"] = (MountAttributes.MOUNT_ATTR_RDONLY, 0),
        ["rw"] = (0, MountAttributes.MOUNT_ATTR_RDONLY),
        ["nosuid"] = (MountAttributes.MOUNT_ATTR_NOSUID, 0),
        ["suid"] = (0, MountAttributes.MOUNT_ATTR_NOSUID),
        ["nodev"] = (MountAttributes.MOUNT_ATTR_NODEV, 0),
        ["dev"] = (0, MountAttributes.MOUNT_ATTR_NODEV),
        ["noexec"] = (MountAttributes.MOUNT_ATTR_NOEXEC, 0),
        ["exec"] = (0, MountAttributes.MOUNT_ATTR_NOEXEC),
        ["noatime"] = (MountAttributes.MOUNT_ATTR_NOATIME, MountAttributes.MOUNT_ATTR__ATIME),
        ["relatime"] = (0, MountAttributes.MOUNT_ATTR__ATIME),
        ["strictatime"] = (MountAttributes.MOUNT_ATTR_STRICTATIME, MountAttributes.MOUNT_ATTR__ATIME),
        ["atime"] = (0, MountAttributes.MOUNT_ATTR__ATIME),
        ["nodiratime"] = (MountAttributes.MOUNT_ATTR_NODIRATIME, 0),
        ["diratime"] = (0, MountAttributes.MOUNT_ATTR_NODIRATIME),
        ["nosymfollow"] = (MountAttributes.MOUNT_ATTR_NOSYMFOLLOW, 0),
        ["symfollow"] = (0, MountAttributes.MOUNT_ATTR_NOSYMFOLLOW),
    };

    private static readonly HashSet<string> s_ignored = new(StringComparer.Ordinal)
    {
        "defaults", "async", "auto", "noauto", "_netdev", "user", "nouser", "loud", "norelatime", "nostrictatime", "private-default",
    };

    public bool Bind { get; private init; }

    public bool Recursive { get; private init; }

    /// <summary>Attributes of the mount itself.</summary>
    public MountAttr Attributes { get; private init; }

    /// <summary>Attributes of the mount and all below it (<c>rro</c> and the like, runtime-spec 1.1).</summary>
    public MountAttr RecursiveAttributes { get; private init; }

    public MountPropagation Propagation { get; private init; }

    public bool PropagationRecursive { get; private init; }

    /// <summary>What is left for the file system: <c>size=64m</c>, <c>mode=1777</c>.</summary>
    public IReadOnlyList<string> Data { get; private init; } = [];

    /// <exception cref="LaunchException">Options that contradict each other.</exception>
    public static MountOptions Parse(string destination, IReadOnlyList<string>? options, bool bindType)
    {
        ulong set = 0, clear = 0, recursiveSet = 0, recursiveClear = 0;
        bool bind = bindType, recursive = bindType && options?.Contains("bind", StringComparer.Ordinal) != true;
        MountPropagation propagation = MountPropagation.Unchanged;
        bool propagationRecursive = false;
        List<string> data = [];
        foreach (string option in options ?? [])
        {
            if (TryPropagation(option, out MountPropagation p))
            {
                (propagation, propagationRecursive) = (p, option[0] == 'r');
            }
            else if (option is "bind" or "rbind")
            {
                (bind, recursive) = (true, option == "rbind");
            }
            else if (s_attributes.TryGetValue(option, out (MountAttributes Set, MountAttributes Clear) own))
            {
                Merge(ref set, ref clear, own);
            }
            else if (option.Length > 1 && option[0] == 'r' && s_attributes.TryGetValue(option[1..], out (MountAttributes Set, MountAttributes Clear) deep))
            {
                Merge(ref recursiveSet, ref recursiveClear, deep);
            }
            else if (!s_ignored.Contains(option))
            {
                data.Add(option);
            }
        }

        if (bind && data.Count > 0)
        {
            throw LaunchException.Field($"mounts[{destination}].options", data[0], "not an option of a bind mount");
        }

        return new MountOptions
        {
            Bind = bind,
            Recursive = recursive,
            Attributes = new MountAttr { Set = set, Clear = clear },
            RecursiveAttributes = new MountAttr { Set = recursiveSet, Clear = recursiveClear },
            Propagation = propagation,
            PropagationRecursive = propagationRecursive,
            Data = data,
        };
    }

    private static bool TryPropagation(string option, out MountPropagation propagation)
    {
        propagation = option switch
        {
            "private" or "rprivate" => MountPropagation.Private,
            "slave" or "rslave" => MountPropagation.Slave,
            "shared" or "rshared" => MountPropagation.Shared,
            "unbindable" or "runbindable" => MountPropagation.Unbindable,
            _ => MountPropagation.Unchanged,
        };
        return propagation != MountPropagation.Unchanged;
    }

    /// <summary>A later option overrides an earlier one of the same kind.</summary>
    private static void Merge(ref ulong set, ref ulong clear, (MountAttributes Set, MountAttributes Clear) option)
    {
        set = (set & ~(ulong)option.Clear) | (ulong)option.Set;
        clear = (clear & ~((ulong)option.Set & ~(ulong)MountAttributes.MOUNT_ATTR__ATIME)) | (ulong)option.Clear;
    }
}
