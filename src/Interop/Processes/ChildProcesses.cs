// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Interop.Processes;

/// <summary>Collects children: waitid(2).</summary>
/// <remarks>A status can be collected once. Whoever holds a pidfd uses <see cref="Pidfd.TryReap"/> instead.</remarks>
public static unsafe class ChildProcesses
{
    internal const int P_ALL = 0;
    internal const int P_PID = 1;
    internal const int P_PIDFD = 3;
    internal const int WNOHANG = 1;
    internal const int WEXITED = 4;
    internal const int WNOWAIT = 0x01000000;
    private const int CLD_EXITED = 1;

    /// <summary>Looks at a child that has ended and leaves it to be collected.</summary>
    /// <returns><see langword="null"/>: no child has ended, or there are no children.</returns>
    public static ChildExit? PeekAny() => Wait(P_ALL, 0, WEXITED | WNOHANG | WNOWAIT, "any child");

    /// <summary>Collects one child if it has ended.</summary>
    /// <param name="pid">Greater than zero.</param>
    /// <returns><see langword="null"/>: it runs still, or is no child of ours.</returns>
    public static ChildExit? TryReap(int pid)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pid);
        return Wait(P_PID, pid, WEXITED | WNOHANG, $"pid {pid}");
    }

    internal static ChildExit? Wait(int idType, int id, int options, string subject)
    {
        SigInfo info;
        while (true)
        {
            info = default;
            if (Libc.syscall(SyscallNumber.SYS_waitid, idType, id, (nint)(&info), options, 0, 0) == 0)
            {
                break;
            }

            Errno errno = (Errno)Marshal.GetLastPInvokeError();
            if (errno == Errno.ECHILD)
            {
                return null;
            }

            if (errno != Errno.EINTR)
            {
                throw new SyscallException("waitid", subject, errno);
            }
        }

        return info.Pid == 0 ? null : new ChildExit(info.Pid, info.Status, info.Code != CLD_EXITED);
    }

    /// <summary>siginfo_t as waitid(2) fills it.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    internal struct SigInfo
    {
        [FieldOffset(8)]
        public int Code;

        [FieldOffset(16)]
        public int Pid;

        [FieldOffset(24)]
        public int Status;
    }
}
