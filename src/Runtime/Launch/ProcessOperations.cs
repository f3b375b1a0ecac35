// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Spawn;
using Gantry.Oci.Runtime;
using Gantry.Runtime.Capabilities;
using Gantry.Runtime.Seccomp;

namespace Gantry.Runtime.Launch;

/// <summary>The last part of every list, for a container's init and for an exec alike: from root to the process's own identity.</summary>
/// <remarks>
/// The order matters. The bounding set shrinks while CAP_SETPCAP is there; ids change with PR_SET_KEEPCAPS so that capset can
/// still choose; seccomp comes before the ids without no_new_privs (it needs CAP_SYS_ADMIN then) and last with it.
/// </remarks>
internal static class ProcessOperations
{
    private const int PR_CAPBSET_DROP = 24;
    private const int PR_SET_KEEPCAPS = 8;
    private const int PR_SET_NO_NEW_PRIVS = 38;
    private const int PR_CAP_AMBIENT = 47;
    private const int PR_CAP_AMBIENT_RAISE = 2;
    private const int SECCOMP_SET_MODE_FILTER = 1;
    private const int SIG_SETMASK = 2;
    private const int AtWorkingDirectory = -100;
    private const string DefaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <param name="warnings">Receives what had to be clamped.</param>
    internal static void Append(SyscallList list, Process process, SeccompFilter? filter, ProcessStdio stdio, List<string> warnings)
    {
        Limits(list, process.Rlimits, warnings);
        Slot directory = EnterAsRoot(list, process.Cwd);
        CapabilitySets sets = CapabilitySets.Parse(process.Capabilities).Clamped();
        foreach (int capability in sets.BoundingDrops())
        {
            list.Prctl("PR_CAPBSET_DROP", PR_CAPBSET_DROP, capability);
        }

        if (!process.NoNewPrivileges)
        {
            LoadFilter(list, filter);
        }

        Identity(list, process.User, sets);
        EnterAsUser(list, directory, process.Cwd);
        stdio.Append(list);
        list.Add(SyscallNumber.SYS_rt_sigprocmask, "rt_sigprocmask", "unblock all", [SIG_SETMASK, list.Value(0UL), 0, sizeof(ulong)]);
        if (process.NoNewPrivileges)
        {
            list.Prctl("PR_SET_NO_NEW_PRIVS", PR_SET_NO_NEW_PRIVS, 1);
            LoadFilter(list, filter);
        }

        Execute(list, process);
    }

    /// <summary>The keyring of the session is not inherited (keyrings(7)); kernels without keys do not matter.</summary>
    internal static void NewSession(SyscallList list)
    {
        const int KEYCTL_JOIN_SESSION_KEYRING = 1;
        list.Add(SyscallNumber.SYS_setsid, "setsid", "", []);
        list.Add(SyscallNumber.SYS_keyctl, "keyctl", "join session keyring", [KEYCTL_JOIN_SESSION_KEYRING, 0], new OnResult { TolerateAll = true });
    }

    private static void Limits(SyscallList list, IReadOnlyList<Rlimit>? limits, List<string> warnings)
    {
        foreach (Rlimit limit in limits ?? [])
        {
            ResourceLimit value = ResourceLimits.Resolve(limit, warnings);
            ReadOnlySpan<ulong> pair = [value.Soft, value.Hard];
            list.Add(SyscallNumber.SYS_prlimit64, "prlimit64", limit.Type, [0, value.Number, list.Bytes(MemoryMarshal.AsBytes(pair)), 0]);
        }
    }

    /// <summary>Entered with root's rights first: the user may lack them above its own directory.</summary>
    private static Slot EnterAsRoot(SyscallList list, string cwd)
    {
        Slot directory = list.OpenInRoot(
            AtWorkingDirectory, cwd, OpenFlags.O_PATH | OpenFlags.O_DIRECTORY, $"cwd {cwd}",
            new OnResult { Tolerated = [Errno.EACCES, Errno.EPERM], SkipOnError = 1 });
        list.Add(SyscallNumber.SYS_fchdir, "fchdir", $"cwd {cwd}", [directory]);
        return directory;
    }

    /// <summary>Where root was refused (NFS with root_squash) the user tries itself; F_GETFD tells which case it is.</summary>
    private static void EnterAsUser(SyscallList list, Slot directory, string cwd)
    {
        const int F_GETFD = 1;
        list.Add(SyscallNumber.SYS_fcntl, "fcntl", $"cwd {cwd}", [directory, F_GETFD], new OnResult { Tolerated = [Errno.EBADF], SkipOnSuccess = 2 });
        Slot own = list.OpenInRoot(AtWorkingDirectory, cwd, OpenFlags.O_PATH | OpenFlags.O_DIRECTORY, $"cwd {cwd}");
        list.Add(SyscallNumber.SYS_fchdir, "fchdir", $"cwd {cwd}", [own]);
    }

    private static void Identity(SyscallList list, User user, CapabilitySets sets)
    {
        list.Prctl("PR_SET_KEEPCAPS", PR_SET_KEEPCAPS, 1);
        uint[] groups = [.. user.AdditionalGids ?? []];
        long address = groups.Length == 0 ? 0 : list.Bytes(MemoryMarshal.AsBytes<uint>(groups));
        list.Add(SyscallNumber.SYS_setgroups, "setgroups", "process.user.additionalGids", [groups.Length, address]);
        list.Add(SyscallNumber.SYS_setresgid, "setresgid", $"gid {user.Gid}", [user.Gid, user.Gid, user.Gid]);
        list.Add(SyscallNumber.SYS_setresuid, "setresuid", $"uid {user.Uid}", [user.Uid, user.Uid, user.Uid]);
        if (user.Umask is uint umask)
        {
            list.Add(SyscallNumber.SYS_umask, "umask", "process.user.umask", [umask]);
        }

        list.Add(SyscallNumber.SYS_capset, "capset", "process.capabilities", [list.Bytes(CapabilitySets.Header()), list.Bytes(sets.Data())]);
        foreach (int capability in sets.AmbientRaises())
        {
            list.Prctl("PR_CAP_AMBIENT_RAISE", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability);
        }
    }

    private static void LoadFilter(SyscallList list, SeccompFilter? filter)
    {
        if (filter is null)
        {
            return;
        }

        // struct sock_fprog: unsigned short len, then a pointer at offset 8.
        ReadOnlySpan<long> program = [filter.InstructionCount, list.Bytes(filter.Program.Span)];
        list.Add(
            SyscallNumber.SYS_seccomp, "seccomp", "linux.seccomp",
            [SECCOMP_SET_MODE_FILTER, filter.Flags, list.Bytes(MemoryMarshal.AsBytes(program))]);
    }

    /// <summary>One execve for each directory of PATH: the first that succeeds never returns.</summary>
    private static void Execute(SyscallList list, Process process)
    {
        IReadOnlyList<string> args = process.Args is { Count: > 0 } given
            ? given
            : throw LaunchException.Field("process.args", "empty", "at least the program's name");
        IReadOnlyList<string> environment = process.Env ?? [];
        long argv = list.TextArray(args);
        long envp = list.TextArray(environment);
        List<string> candidates = Candidates(args[0], environment);
        for (int i = 0; i < candidates.Count; i++)
        {
            OnResult onResult = i < candidates.Count - 1
                ? new OnResult { Tolerated = [Errno.ENOENT, Errno.ENOTDIR, Errno.EACCES] }
                : default;
            list.Add(SyscallNumber.SYS_execve, "execve", candidates[i], [list.Text(candidates[i]), argv, envp], onResult);
        }
    }

    private static List<string> Candidates(string program, IReadOnlyList<string> environment)
    {
        if (program.Length == 0)
        {
            throw LaunchException.Field("process.args[0]", "\"\"", "the program's name");
        }

        if (program.Contains('/', StringComparison.Ordinal))
        {
            return [program];
        }

        string path = environment.LastOrDefault(static e => e.StartsWith("PATH=", StringComparison.Ordinal)) ?? DefaultPath;
        return [.. path["PATH=".Length..].Split(':').Take(64).Select(directory => directory.Length == 0 ? $"./{program}" : $"{directory.TrimEnd('/')}/{program}")];
    }
}
