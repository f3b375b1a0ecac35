// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Spawn;

namespace Gantry.MonitorApi.Client;

/// <summary>The list of system calls that becomes a monitor.</summary>
internal static class MonitorSpawn
{
    private const int F_DUPFD = 0;
    private const int SIG_SETMASK = 2;
    private const int SigsetSize = 8;
    private const ulong ChildSignal = 1UL << ((int)Interop.Processes.Signal.SIGCHLD - 1);
    private const int FirstFree = 10;
    private const int ConnectionFd = 3;

    // Short-lived threads would each leave an arena of the C library behind.
    private const string OneArena = "MALLOC_ARENA_MAX=1";
    private const int PrivateUmask = 0x3F; // 077
    private const uint PrivateMode = 0x180; // 0600

    /// <param name="connection">Becomes descriptor 3.</param>
    internal static SpawnedChild Run(
        string program, string podDirectory, string logName, OwnedFd connection, IReadOnlyList<string> environment)
    {
        using OwnedFd nothing = Openat2.Open(null, "/dev/null", OpenFlags.O_RDWR, ResolveFlags.None);
        using OwnedFd log = Openat2.Open(
            null, Path.Combine(podDirectory, logName), OpenFlags.O_WRONLY | OpenFlags.O_CREAT | OpenFlags.O_APPEND | OpenFlags.O_NOFOLLOW,
            ResolveFlags.None, PrivateMode);
        using SyscallList list = new();
        // First out of the way of 0 to 3, then into place: a descriptor of ours might be one of these numbers.
        Slot stdin = Duplicate(list, list.Fd(nothing), "stdin");
        Slot output = Duplicate(list, list.Fd(log), "log");
        Slot socket = Duplicate(list, list.Fd(connection), "connection");
        Place(list, stdin, 0);
        Place(list, output, 1);
        Place(list, output, 2);
        Place(list, socket, ConnectionFd);
        list.Add(SyscallNumber.SYS_close_range, "close_range", "from 4", [ConnectionFd + 1, uint.MaxValue, 0]);
        list.Add(SyscallNumber.SYS_setsid, "setsid", "", []);
        list.Add(SyscallNumber.SYS_umask, "umask", "077", [PrivateUmask]);
        list.Add(SyscallNumber.SYS_chdir, "chdir", "/", [list.Text("/")]);
        // Every thread of the monitor is born with SIGCHLD blocked, so that its signalfd loses none.
        list.Add(SyscallNumber.SYS_rt_sigprocmask, "rt_sigprocmask", "SIGCHLD", [SIG_SETMASK, list.Value(ChildSignal), 0, SigsetSize]);
        list.Add(
            SyscallNumber.SYS_execve, "execve", program,
            [list.Text(program), list.TextArray([program, "pod", "--dir", podDirectory]), list.TextArray([OneArena, .. environment])]);
        return ChildStub.Spawn(list, CloneFlags.None);
    }

    private static Slot Duplicate(SyscallList list, int fd, string what) =>
        list.Add(SyscallNumber.SYS_fcntl, "fcntl", $"F_DUPFD {what}", [fd, F_DUPFD, FirstFree]);

    private static void Place(SyscallList list, Slot from, int to) =>
        list.Add(SyscallNumber.SYS_dup3, "dup3", $"to {to}", [from, to, 0]);
}
