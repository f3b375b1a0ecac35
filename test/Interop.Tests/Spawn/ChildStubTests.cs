// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop.Processes;
using Gantry.Interop.Spawn;

namespace Gantry.Interop.Tests.Spawn;

/// <summary>Counts descriptors and children of the whole process, so nothing else may run meanwhile.</summary>
[CollectionDefinition("spawn", DisableParallelization = true)]
public sealed class SpawnTestGroup;

[Collection("spawn")]
public sealed class ChildStubTests
{
    [Fact]
    public void The_list_ends_in_the_program_it_names()
    {
        using SyscallList list = new();
        AddExecve(list, "/bin/sh", "-c", "exit 7");

        SpawnedChild child = ChildStub.Spawn(list, CloneFlags.None);

        using OwnedFd pidfd = child.Pidfd;
        Assert.Equal(7, ExitCode(pidfd));
    }

    [Fact]
    public void A_failing_operation_is_named_and_the_child_is_reaped()
    {
        using SyscallList list = new();
        list.Add(SyscallNumber.SYS_chdir, "chdir", "/nonexistent", [list.Text("/nonexistent")]);
        AddExecve(list, "/bin/true");
        using PidCell pid = new();

        var error = Assert.Throws<SpawnException>(() => ChildStub.Spawn(list, CloneFlags.None, pid: pid));

        Assert.Equal((0, "chdir", Errno.ENOENT), (error.Operation, error.Call, error.Errno));
        Assert.False(Directory.Exists($"/proc/{pid.Pid}"));
    }

    [Fact]
    public void A_tolerated_error_skips_what_depends_on_it()
    {
        using SyscallList list = new();
        list.Add(
            SyscallNumber.SYS_chdir, "chdir", "/nonexistent", [list.Text("/nonexistent")],
            new OnResult { Tolerated = [Errno.EACCES, Errno.ENOENT], SkipOnError = 1 });
        AddExecve(list, "/bin/false");
        AddExecve(list, "/bin/true");

        using OwnedFd pidfd = ChildStub.Spawn(list, CloneFlags.None).Pidfd;

        Assert.Equal(0, ExitCode(pidfd));
    }

    [Fact]
    public void A_result_is_an_argument_of_a_later_operation()
    {
        string path = Path.GetTempFileName();
        using SyscallList list = new();
        Slot fd = list.Add(SyscallNumber.SYS_openat, "openat", path, [-100, list.Text(path), 1, 0]);
        list.Add(SyscallNumber.SYS_write, "write", path, [fd, list.Text("written"), 7]);
        AddExecve(list, "/bin/true");

        using OwnedFd pidfd = ChildStub.Spawn(list, CloneFlags.None).Pidfd;

        Assert.Equal(0, ExitCode(pidfd));
        Assert.Equal("written", File.ReadAllText(path));
        File.Delete(path);
    }

    [Fact]
    public void The_program_starts_with_no_ignored_and_no_blocked_signal()
    {
        string path = Path.GetTempFileName();
        using SyscallList list = new();
        list.Add(SyscallNumber.SYS_rt_sigprocmask, "rt_sigprocmask", "none", [2, list.Value(0UL), 0, 8]);
        AddExecve(list, "/bin/sh", "-c", $"exec grep -E '^Sig(Ign|Blk)' /proc/self/status > {path}");

        using OwnedFd pidfd = ChildStub.Spawn(list, CloneFlags.None).Pidfd;

        Assert.Equal(0, ExitCode(pidfd));
        Assert.Equal(["SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000"], File.ReadAllLines(path));
        File.Delete(path);
    }

    [Fact]
    public async Task Spawning_from_a_process_that_collects_and_allocates_never_hangs()
    {
        int spawns = Environment.GetEnvironmentVariable("GANTRY_LONG") == "1" ? 20_000 : 300;
        using CancellationTokenSource stop = new();
        Task[] noise = [.. Enumerable.Range(0, 3).Select(_ => Task.Factory.StartNew(() => Noise(stop.Token), TaskCreationOptions.LongRunning))];
        int pidfds = CountPidfds();

        for (int i = 0; i < spawns; i++)
        {
            using SyscallList list = new();
            AddExecve(list, "/bin/true");
            using OwnedFd pidfd = ChildStub.Spawn(list, CloneFlags.CLONE_NEWPID | CloneFlags.CLONE_NEWNS).Pidfd;
            Assert.Equal(0, ExitCode(pidfd));
        }

        await stop.CancelAsync();
        await Task.WhenAll(noise);
        Assert.Equal(pidfds, CountPidfds());
        Assert.Empty(Zombies());
    }

    private static int CountPidfds() =>
        Directory.GetFiles("/proc/self/fd").Count(static path => new FileInfo(path).LinkTarget == "anon_inode:[pidfd]");

    private static IEnumerable<string> Zombies() =>
        Directory.GetDirectories("/proc").Where(static path =>
            int.TryParse(Path.GetFileName(path), out int pid)
            && ProcessStat.TryRead(pid) is { State: 'Z' } stat && stat.ParentPid == Environment.ProcessId);

    private static void Noise(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            GC.KeepAlive(new byte[64 * 1024]);
            GC.Collect(0);
        }
    }

    private static void AddExecve(SyscallList list, params string[] args) =>
        list.Add(
            SyscallNumber.SYS_execve, "execve", args[0],
            [list.Text(args[0]), list.TextArray(args), list.TextArray(["PATH=/usr/bin:/bin"])]);

    private static int ExitCode(OwnedFd pidfd)
    {
        Assert.True(Pidfd.WaitForExit(pidfd, TimeSpan.FromSeconds(30)));
        return Pidfd.TryReap(pidfd)!.Value.ExitCode;
    }
}
