// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop.Processes;

namespace Gantry.Interop.Events;

/// <summary>signalfd(2): blocked signals as something to poll. Non-blocking.</summary>
/// <remarks>
/// The signals must be blocked in every thread of the process: whoever starts the program blocks them before execve, because
/// the runtime has threads of its own before Main.
/// </remarks>
public sealed unsafe class SignalFd : IDisposable
{
    private const int SFD_NONBLOCK = 0x800;
    private const int SFD_CLOEXEC = 0x80000;
    private const int SigsetSize = 8;
    private const int InfoSize = 128; // struct signalfd_siginfo

    /// <summary>Blocks the signals in the calling thread, and opens them.</summary>
    public SignalFd(params ReadOnlySpan<Signal> signals)
    {
        ProcessSignals.Block(signals);
        ulong mask = ProcessSignals.Mask(signals);
        nint fd = Libc.syscall(SyscallNumber.SYS_signalfd4, -1, (nint)(&mask), SigsetSize, SFD_NONBLOCK | SFD_CLOEXEC, 0, 0);
        Handle = fd >= 0 ? new OwnedFd((int)fd) : throw SyscallException.FromLastError("signalfd4", "");
    }

    /// <summary>Readable when a signal waits.</summary>
    public OwnedFd Handle { get; }

    /// <summary>Takes the next signal. Several of the same kind count as one.</summary>
    /// <returns><see cref="Signal.None"/>: none waits.</returns>
    public Signal Take()
    {
        byte* info = stackalloc byte[InfoSize];
        using FdLease lease = new(Handle);
        return Libc.read(lease.Fd, info, InfoSize) == InfoSize ? (Signal)(*(uint*)info) : Signal.None;
    }

    public void Dispose() => Handle.Dispose();
}
