// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Mounts;
using Gantry.Interop.Spawn;

namespace Gantry.Runtime.Launch;

/// <summary>Writes kernel parameters through a proc mount of its own, so that nothing mounted over /proc/sys is met (CVE-2019-16884 and kin).</summary>
internal static class SysctlWriter
{
    private const int MaxValueLength = 4096;

    /// <summary>Refuses what would change the host.</summary>
    internal static void Check(IReadOnlyDictionary<string, string> sysctls, bool ownNetwork, bool ownIpc, bool ownUts)
    {
        foreach ((string name, string value) in sysctls)
        {
            string dotted = name.Replace('/', '.');
            bool allowed = (dotted.StartsWith("net.", StringComparison.Ordinal) && ownNetwork)
                || (ownIpc && (dotted is "kernel.msgmax" or "kernel.msgmnb" or "kernel.msgmni" or "kernel.sem" or "kernel.shmall"
                    or "kernel.shmmax" or "kernel.shmmni" or "kernel.shm_rmid_forced" || dotted.StartsWith("fs.mqueue.", StringComparison.Ordinal)))
                || (ownUts && dotted is "kernel.domainname" or "kernel.hostname");
            if (!allowed)
            {
                throw LaunchException.Field("linux.sysctl", name, "a parameter of the container's own network, ipc or uts namespace");
            }

            if (value.Length > MaxValueLength || value.AsSpan().ContainsAnyInRange('\0', '\u001f') || dotted.Contains("..", StringComparison.Ordinal))
            {
                throw LaunchException.Field($"linux.sysctl[{name}]", "value", "at most 4096 characters, no control characters");
            }
        }
    }

    /// <summary>As operations of a child, for the namespaces that it has by then.</summary>
    internal static void Append(SyscallList list, IReadOnlyDictionary<string, string>? sysctls, NamespacePlan plan, PodNamespaces? pod)
    {
        if (sysctls is not { Count: > 0 })
        {
            return;
        }

        Check(
            sysctls,
            plan.Cloned.HasFlag(CloneFlags.CLONE_NEWNET) || pod?.Network is not null,
            plan.Cloned.HasFlag(CloneFlags.CLONE_NEWIPC) || pod?.Ipc is not null,
            plan.NewUts || pod?.Uts is not null);
        foreach ((string name, string value) in sysctls)
        {
            Slot file = list.OpenTrusted("/proc/" + FilePath(name), OpenFlags.O_WRONLY);
            list.Write(file, Encoding.UTF8.GetBytes(value), $"linux.sysctl[{name}]");
        }
    }

    /// <summary>Writes for the calling thread's namespaces.</summary>
    internal static void Write(IReadOnlyDictionary<string, string> sysctls)
    {
        if (sysctls.Count == 0)
        {
            return;
        }

        using FileSystemContext procfs = new("proc");
        using OwnedFd proc = procfs.Mount(MountAttributes.None);
        foreach ((string name, string value) in sysctls)
        {
            try
            {
                using OwnedFd file = Openat2.Open(proc, FilePath(name), OpenFlags.O_WRONLY, ResolveFlags.RESOLVE_BENEATH | ResolveFlags.RESOLVE_NO_SYMLINKS);
                OpenFile.Write(file, Encoding.UTF8.GetBytes(value));
            }
            catch (SyscallException e)
            {
                throw new LaunchException($"linux.sysctl[{name}]: \"{value}\": the kernel refused it: {e.Message}", 128, e);
            }
        }
    }

    /// <summary><c>net.ipv4.conf.eth0/100.x</c>: a slash in a dotted name stands for a dot in a file name (sysctl.d(5)).</summary>
    private static string FilePath(string name)
    {
        int first = name.AsSpan().IndexOfAny('.', '/');
        bool slashed = first >= 0 && name[first] == '/';
        string path = slashed ? name : string.Create(name.Length, name, static (span, source) =>
        {
            for (int i = 0; i < source.Length; i++)
            {
                span[i] = source[i] switch { '.' => '/', '/' => '.', char c => c };
            }
        });
        return "sys/" + path;
    }
}
