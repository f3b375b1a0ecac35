// SPDX-License-Identifier: Apache-2.0
using System.Text;

namespace Gantry.Interop.Processes;

/// <summary>Properties of the calling process: prctl(2), setsid(2), umask(2).</summary>
public static unsafe class ProcessControl
{
    private const int PR_SET_PDEATHSIG = 1;
    private const int PR_SET_DUMPABLE = 4;
    private const int PR_SET_NAME = 15;
    private const int PR_SET_CHILD_SUBREAPER = 36;
    private const int NameSize = 16;

    /// <summary>Orphans among our descendants become our children instead of PID 1's.</summary>
    public static void BecomeSubreaper() => Prctl(PR_SET_CHILD_SUBREAPER, 1, "PR_SET_CHILD_SUBREAPER");

    /// <summary>False: no core dumps, no ptrace, /proc/self belongs to root (CVE-2016-9962).</summary>
    public static void SetDumpable(bool value) => Prctl(PR_SET_DUMPABLE, value ? 1 : 0, "PR_SET_DUMPABLE");

    /// <summary>The signal that the calling thread's process gets when the thread that made it ends.</summary>
    public static void SetParentDeathSignal(Signal signal) => Prctl(PR_SET_PDEATHSIG, (nint)signal, "PR_SET_PDEATHSIG");

    /// <summary>Name of the calling thread in <c>comm</c>.</summary>
    /// <param name="name">At most 15 bytes of UTF-8; the kernel cuts the rest.</param>
    public static void SetName(string name)
    {
        Span<byte> buffer = stackalloc byte[NameSize];
        buffer.Clear();
        Encoding.UTF8.TryGetBytes(name.AsSpan(0, Math.Min(name.Length, NameSize - 1)), buffer[..(NameSize - 1)], out _);
        fixed (byte* p = buffer)
        {
            Prctl(PR_SET_NAME, (nint)p, "PR_SET_NAME");
        }
    }

    /// <summary>Starts a session without a controlling terminal.</summary>
    /// <returns><see langword="false"/>: the process leads a group already.</returns>
    public static bool StartSession() => Libc.setsid() >= 0;

    /// <summary>Sets the mask of permission bits that new files do not get.</summary>
    /// <returns>The mask before.</returns>
    public static uint SetUmask(uint mask) => Libc.umask(mask);

    private static void Prctl(int option, nint value, string name)
    {
        if (Libc.syscall(SyscallNumber.SYS_prctl, option, value, 0, 0, 0, 0) < 0)
        {
            throw SyscallException.FromLastError("prctl", name);
        }
    }
}
