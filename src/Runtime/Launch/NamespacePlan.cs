// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Spawn;
using Gantry.Oci.Runtime;

namespace Gantry.Runtime.Launch;

/// <summary>Which namespaces a container joins, which are new, and when.</summary>
internal sealed class NamespacePlan : IDisposable
{
    private static readonly Dictionary<string, CloneFlags> s_types = new(StringComparer.Ordinal)
    {
        ["mount"] = CloneFlags.CLONE_NEWNS, ["pid"] = CloneFlags.CLONE_NEWPID, ["network"] = CloneFlags.CLONE_NEWNET,
        ["ipc"] = CloneFlags.CLONE_NEWIPC, ["uts"] = CloneFlags.CLONE_NEWUTS, ["user"] = CloneFlags.CLONE_NEWUSER,
        ["cgroup"] = CloneFlags.CLONE_NEWCGROUP,
    };

    private readonly List<OwnedFd> _opened = [];
    private readonly List<(SafeHandle Target, CloneFlags Type)> _joined = [];

    /// <summary>New with the clone itself.</summary>
    public CloneFlags Cloned { get; private set; }

    /// <summary>A new cgroup namespace starts at the cgroup that the child is in, so after it has moved.</summary>
    public bool NewCgroup { get; private set; }

    /// <summary>PID namespace of the child, which only its parent can choose.</summary>
    public SafeHandle? Pid { get; private set; }

    public IReadOnlyList<(SafeHandle Target, CloneFlags Type)> Joined => _joined;

    /// <summary>New here, so that a hostname can be set.</summary>
    public bool NewUts => Cloned.HasFlag(CloneFlags.CLONE_NEWUTS);

    public bool NewUser => Cloned.HasFlag(CloneFlags.CLONE_NEWUSER);

    internal static NamespacePlan Of(LaunchRequest request)
    {
        NamespacePlan plan = new();
        try
        {
            foreach (LinuxNamespace entry in request.Spec.Linux?.Namespaces ?? [])
            {
                plan.Add(entry, request);
            }
        }
        catch
        {
            plan.Dispose();
            throw;
        }

        return plan.Cloned.HasFlag(CloneFlags.CLONE_NEWNS)
            ? plan
            : throw LaunchException.Field("linux.namespaces", "no mount", "a mount namespace without path: the container gets a root of its own");
    }

    /// <summary>The flags for setns(2) of an exec: everything that the container's specification lists but PID, which the parent joins.</summary>
    internal static CloneFlags JoinFlags(IReadOnlyList<LinuxNamespace> namespaces) =>
        namespaces.Aggregate(CloneFlags.None, static (flags, entry) => flags | TypeOf(entry)) & ~CloneFlags.CLONE_NEWPID;

    public void Dispose() => _opened.ForEach(static fd => fd.Dispose());

    private static CloneFlags TypeOf(LinuxNamespace entry) =>
        s_types.TryGetValue(entry.Type, out CloneFlags type)
            ? type
            : throw LaunchException.Field("linux.namespaces.type", entry.Type, $"one of {string.Join(", ", s_types.Keys)}");

    private void Add(LinuxNamespace entry, LaunchRequest request)
    {
        CloneFlags type = TypeOf(entry);
        SafeHandle? target = string.IsNullOrEmpty(entry.Path) ? PodNamespace(type, request) : Open(entry.Path);
        switch (type)
        {
            case CloneFlags.CLONE_NEWNS when target is not null:
                throw LaunchException.Field("linux.namespaces[mount].path", entry.Path ?? "", "no path: joining a mount namespace cannot give a root");
            case CloneFlags.CLONE_NEWPID when target is not null:
                Pid = target;
                break;
            case CloneFlags.CLONE_NEWCGROUP when target is null:
                NewCgroup = true;
                break;
            default:
                Place(type, target);
                break;
        }
    }

    private void Place(CloneFlags type, SafeHandle? target)
    {
        if (target is null)
        {
            Cloned |= type;
        }
        else
        {
            // Rights in the other namespaces come with the user namespace, so it is joined first.
            _joined.Insert(type == CloneFlags.CLONE_NEWUSER ? 0 : _joined.Count, (target, type));
        }
    }

    private static SafeHandle? PodNamespace(CloneFlags type, LaunchRequest request) => type switch
    {
        CloneFlags.CLONE_NEWNET => request.Pod?.Network,
        CloneFlags.CLONE_NEWIPC => request.Pod?.Ipc,
        CloneFlags.CLONE_NEWUTS => request.Pod?.Uts,
        CloneFlags.CLONE_NEWPID => request.PidNamespace ?? (request.OwnPidNamespace ? null : request.Pod?.Pid),
        _ => null,
    };

    private OwnedFd Open(string path)
    {
        OwnedFd fd = Openat2.Open(null, path, OpenFlags.O_RDONLY, ResolveFlags.None);
        _opened.Add(fd);
        return fd;
    }
}
