// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Interop.Processes;

/// <summary>Signals by number: only for children that are not collected yet, whose number cannot be reused.</summary>
public static unsafe class ProcessSignals
{
    private const nint SIG_IGN = 1;
    private const int KernelSigsetSize = 8;
    private const int SIG_BLOCK = 0;

    /// <summary>kill(2).</summary>
    /// <returns><see langword="false"/>: no such process.</returns>
    /// <exception cref="SyscallException"><see cref="Errno.EPERM"/>, <see cref="Errno.EINVAL"/>.</exception>
    public static bool Kill(int pid, Signal signal)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pid);
        if (Libc.kill(pid, (int)signal) == 0)
        {
            return true;
        }

        Errno errno = (Errno)Marshal.GetLastPInvokeError();
        return errno == Errno.ESRCH ? false : throw new SyscallException("kill", $"pid {pid}", errno);
    }

    /// <summary>This process no longer reacts to <paramref name="signal"/>. A program started by execve inherits that.</summary>
    public static void Ignore(Signal signal)
    {
        nint* action = stackalloc nint[4]; // struct kernel_sigaction: handler, flags, restorer, mask
        action[0] = SIG_IGN;
        if (Libc.syscall(SyscallNumber.SYS_rt_sigaction, (int)signal, (nint)action, 0, KernelSigsetSize, 0, 0) < 0)
        {
            throw SyscallException.FromLastError("rt_sigaction", signal.ToString());
        }
    }

    /// <summary>Blocks signals in the calling thread and in threads that it starts later; for signalfd.</summary>
    public static void Block(params ReadOnlySpan<Signal> signals)
    {
        ulong mask = Mask(signals);
        if (Libc.syscall(SyscallNumber.SYS_rt_sigprocmask, SIG_BLOCK, (nint)(&mask), 0, KernelSigsetSize, 0, 0) < 0)
        {
            throw SyscallException.FromLastError("rt_sigprocmask", "block");
        }
    }

    internal static ulong Mask(ReadOnlySpan<Signal> signals)
    {
        ulong mask = 0;
        foreach (Signal signal in signals)
        {
            mask |= 1UL << ((int)signal - 1);
        }

        return mask;
    }
}
