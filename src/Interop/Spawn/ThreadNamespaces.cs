// SPDX-License-Identifier: Apache-2.0
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Gantry.Interop.Files;

namespace Gantry.Interop.Spawn;

/// <summary>Namespace calls that change the calling thread only. Use them on a <see cref="ThrowawayThread"/>.</summary>
public static unsafe class ThreadNamespaces
{
    /// <summary>unshare(2).</summary>
    public static void Unshare(CloneFlags flags)
    {
        if (Libc.syscall(SyscallNumber.SYS_unshare, (nint)flags, 0, 0, 0, 0, 0) < 0)
        {
            throw SyscallException.FromLastError("unshare", flags.ToString());
        }
    }

    /// <summary>setns(2) with a namespace descriptor or a pidfd.</summary>
    /// <remarks>CLONE_NEWNS needs <c>Unshare(CLONE_FS)</c> first in a process with several threads.</remarks>
    public static void Join(SafeHandle target, CloneFlags types)
    {
        using FdLease lease = new(target);
        if (Libc.syscall(SyscallNumber.SYS_setns, lease.Fd, (nint)types, 0, 0, 0, 0) < 0)
        {
            throw SyscallException.FromLastError("setns", types.ToString());
        }
    }

    /// <summary>sethostname(2): the name in the calling thread's UTS namespace.</summary>
    /// <param name="name">1 to 64 bytes.</param>
    public static void SetHostname(string name)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(name);
        fixed (byte* p = bytes)
        {
            if (Libc.syscall(SyscallNumber.SYS_sethostname, (nint)p, bytes.Length, 0, 0, 0, 0) < 0)
            {
                throw SyscallException.FromLastError("sethostname", name);
            }
        }
    }

    /// <summary>The calling thread's own namespace of one type.</summary>
    /// <param name="name">File name in /proc/thread-self/ns: mnt, net, ipc, uts, pid, cgroup, user.</param>
    public static OwnedFd OpenOwn(string name) =>
        Openat2.Open(null, $"/proc/thread-self/ns/{name}", OpenFlags.O_RDONLY, ResolveFlags.None);

    /// <summary>The namespace of one type of a process.</summary>
    /// <param name="pid">In the PID namespace of the mounted /proc.</param>
    public static OwnedFd OpenOf(int pid, string name) =>
        Openat2.Open(null, $"/proc/{pid}/ns/{name}", OpenFlags.O_RDONLY, ResolveFlags.None);
}

/// <summary>Runs a function on a thread that ends with it, so that what it did to itself (setns, unshare) ends too.</summary>
public static class ThrowawayThread
{
    private const int StackSize = 256 * 1024;

    /// <summary>Blocks until <paramref name="work"/> is done; its exception is rethrown here.</summary>
    public static T Run<T>(Func<T> work)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(Body, StackSize) { IsBackground = true };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;

        void Body()
        {
            try
            {
                result = work();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        }
    }
}
