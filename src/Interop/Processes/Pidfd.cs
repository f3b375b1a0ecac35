// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Interop.Processes;

/// <summary>A handle on a process that no reuse of its number can redirect: pidfd_open(2), Linux 5.3.</summary>
public static unsafe class Pidfd
{
    private const short POLLIN = 1;

    /// <summary>Opens a handle on a running or not yet collected process.</summary>
    /// <param name="pid">Process id in the caller's PID namespace, greater than zero.</param>
    /// <returns>A close-on-exec descriptor that becomes readable when the process has ended.</returns>
    /// <exception cref="SyscallException"><see cref="Errno.ESRCH"/>: no such process; <see cref="Errno.EMFILE"/>.</exception>
    public static OwnedFd Open(int pid)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pid);
        nint fd = Libc.syscall(SyscallNumber.SYS_pidfd_open, pid, 0, 0, 0, 0, 0);
        return fd >= 0 ? new OwnedFd((int)fd) : throw SyscallException.FromLastError("pidfd_open", $"pid {pid}");
    }

    /// <summary>Sends a signal; a process that has ended already is no error.</summary>
    /// <returns><see langword="false"/>: the process has ended.</returns>
    /// <exception cref="SyscallException"><see cref="Errno.EPERM"/>, <see cref="Errno.EINVAL"/>: no such signal.</exception>
    public static bool SendSignal(SafeHandle pidfd, Signal signal)
    {
        using FdLease lease = new(pidfd);
        if (Libc.syscall(SyscallNumber.SYS_pidfd_send_signal, lease.Fd, (int)signal, 0, 0, 0, 0) == 0)
        {
            return true;
        }

        Errno errno = (Errno)Marshal.GetLastPInvokeError();
        return errno == Errno.ESRCH ? false : throw new SyscallException("pidfd_send_signal", signal.ToString(), errno);
    }

    /// <summary>Waits for the end of any process, child or not. Its status stays to be collected by its parent.</summary>
    /// <param name="timeout">Zero only looks; <see cref="Timeout.InfiniteTimeSpan"/> waits for ever.</param>
    /// <returns><see langword="false"/>: the time is over and it runs still.</returns>
    public static bool WaitForExit(SafeHandle pidfd, TimeSpan timeout)
    {
        using FdLease lease = new(pidfd);
        long deadline = timeout == Timeout.InfiniteTimeSpan ? -1 : Environment.TickCount64 + (long)Math.Ceiling(timeout.TotalMilliseconds);
        while (true)
        {
            Libc.PollFd entry = new() { Fd = lease.Fd, Events = POLLIN };
            int left = deadline < 0 ? -1 : (int)Math.Clamp(deadline - Environment.TickCount64, 0, int.MaxValue);
            int ready = Libc.poll(&entry, 1, left);
            if (ready >= 0)
            {
                return ready > 0;
            }

            Errno errno = (Errno)Marshal.GetLastPInvokeError();
            if (errno != Errno.EINTR)
            {
                throw new SyscallException("poll", "pidfd", errno);
            }
        }
    }

    /// <summary>Collects the status of a child that has ended: waitid(P_PIDFD), Linux 5.4.</summary>
    /// <returns><see langword="null"/>: it runs still, is no child of ours, or was collected before.</returns>
    public static ChildExit? TryReap(SafeHandle pidfd)
    {
        using FdLease lease = new(pidfd);
        return ChildProcesses.Wait(
            ChildProcesses.P_PIDFD, lease.Fd, ChildProcesses.WEXITED | ChildProcesses.WNOHANG, "pidfd");
    }
}
