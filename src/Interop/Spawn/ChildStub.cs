// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Interop.Spawn;

/// <summary>A child that has executed its program.</summary>
/// <param name="Pid">In the caller's PID namespace.</param>
/// <param name="Pidfd">Readable when the child has ended.</param>
public sealed record SpawnedChild(int Pid, OwnedFd Pidfd);

/// <summary>An operation of the list failed in the child; the child is gone and reaped.</summary>
public sealed class SpawnException(int operation, string call, string subject, Errno errno)
    : IOException($"{call}({subject}): {errno}: {Marshal.GetPInvokeErrorMessage((int)errno)}", (int)errno)
{
    /// <summary>Position in the list; -1: clone3 itself.</summary>
    public int Operation { get; } = operation;

    public string Call { get; } = call;

    public string Subject { get; } = subject;

    public Errno Errno { get; } = errno;
}

/// <summary>Starts processes: clone3 with CLONE_VM and CLONE_VFORK, then a list of system calls (native/childstub.c).</summary>
/// <remarks>
/// The calling thread sleeps until the child executes its program or fails. The child starts with all signals blocked and
/// default dispositions; the list unblocks them.
/// </remarks>
public static unsafe class ChildStub
{
    private const nuint StackSize = 32 * 1024;
    private const ulong SIGCHLD = 17;

    /// <summary>Loads the stub now. Under the JIT it is a file beside the program, out of reach for a thread in another mount namespace.</summary>
    /// <remarks>A published program has it linked in and finds no file. (RuntimeFeature does not tell: it is false under the JIT too when the project publishes AOT.)</remarks>
    public static void EnsureLoaded() => NativeLibrary.TryLoad("gantrystub", typeof(ChildStub).Assembly, null, out _);

    /// <summary>Runs <paramref name="list"/>, whose last operations are execve calls, in a new process.</summary>
    /// <param name="flags">New namespaces. CLONE_VM, CLONE_VFORK, CLONE_PIDFD and CLONE_CLEAR_SIGHAND are added.</param>
    /// <param name="intoCgroup">Directory of a v2 cgroup in which the child is born; <see langword="null"/>: the caller's.</param>
    /// <param name="pid">Receives the pid before the child runs its first operation: other threads may read it meanwhile.</param>
    /// <exception cref="SpawnException">clone3 or an operation failed.</exception>
    public static SpawnedChild Spawn(SyscallList list, CloneFlags flags, SafeHandle? intoCgroup = null, PidCell? pid = null)
    {
        void* stack = NativeMemory.AlignedAlloc(StackSize, 16);
        try
        {
            int pidfd = -1;
            using FdLease cgroup = new(intoCgroup);
            NativeRun run = new()
            {
                Ops = list.Operations,
                Count = list.Count,
                Stack = stack,
                StackSize = StackSize,
                Clone = new CloneArgs
                {
                    Flags = (ulong)(flags | CloneFlags.CLONE_VM | CloneFlags.CLONE_VFORK | CloneFlags.CLONE_PIDFD
                        | CloneFlags.CLONE_CLEAR_SIGHAND | (pid is null ? 0 : CloneFlags.CLONE_PARENT_SETTID)
                        | (intoCgroup is null ? 0 : CloneFlags.CLONE_INTO_CGROUP)),
                    Pidfd = (ulong)(&pidfd),
                    ParentTid = (ulong)(pid is null ? null : pid.Address),
                    ExitSignal = SIGCHLD,
                    Cgroup = intoCgroup is null ? 0 : (ulong)cgroup.Fd,
                },
            };
            return Finish(list, &run, Libc.gantry_spawn(&run), pidfd);
        }
        finally
        {
            NativeMemory.AlignedFree(stack);
        }
    }

    private static SpawnedChild Finish(SyscallList list, NativeRun* run, nint pid, int pidfd)
    {
        if (pid < 0)
        {
            throw new SpawnException(-1, "clone3", "child", (Errno)(-pid));
        }

        OwnedFd handle = new(pidfd);
        if (run->FailedOp < 0)
        {
            return new SpawnedChild((int)pid, handle);
        }

        using (handle)
        {
            Reap(pidfd);
        }

        (string call, string subject) = run->FailedOp < list.Count ? list.NameOf(run->FailedOp) : ("list", "no execve at its end");
        throw new SpawnException(run->FailedOp, call, subject, (Errno)run->FailedErrno);
    }

    private static void Reap(int pidfd)
    {
        const int P_PIDFD = 3;
        const int WEXITED = 4;
        byte* info = stackalloc byte[128];
        while (Libc.waitid(P_PIDFD, pidfd, info, WEXITED) != 0 && Marshal.GetLastPInvokeError() == (int)Errno.EINTR)
        {
        }
    }
}

/// <summary>Unmanaged memory for a pid that the kernel writes during clone3.</summary>
public sealed unsafe class PidCell : IDisposable
{
    private int* _cell = (int*)NativeMemory.AllocZeroed(sizeof(int));

    /// <summary>0 until the child exists.</summary>
    public int Pid => _cell is null ? 0 : Volatile.Read(ref *_cell);

    internal int* Address => _cell;

    public void Dispose()
    {
        NativeMemory.Free(_cell);
        _cell = null;
    }
}
