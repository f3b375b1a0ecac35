// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Interop;

/// <summary>A system call failed. The message reads: call, subject, errno name, kernel text.</summary>
public sealed class SyscallException : IOException
{
    public SyscallException(string call, string subject, Errno errno)
        : base($"{call}({subject}): {errno}: {Marshal.GetPInvokeErrorMessage((int)errno)}", (int)errno)
    {
        Call = call;
        Subject = subject;
        Errno = errno;
    }

    /// <summary>Name of the call as in section 2 of the manual.</summary>
    public string Call { get; }

    /// <summary>What the call was about: a path, a pid, a name.</summary>
    public string Subject { get; }

    public Errno Errno { get; }

    internal static SyscallException FromLastError(string call, string subject) =>
        new(call, subject, (Errno)Marshal.GetLastPInvokeError());
}
