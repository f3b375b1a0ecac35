// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using System.Text;
using Gantry.Interop.Processes;

namespace Gantry.Interop.Namespaces;

/// <summary>Feeds a running program, collects what it says, and sees that it ends.</summary>
internal sealed unsafe class ProgramConversation : IDisposable
{
    private const short POLLIN = 1;
    private const short POLLOUT = 4;
    private const int Slice = 100;
    private const int ChunkSize = 16 * 1024;

    /// <summary>How long a grandchild may keep the pipes after the program has ended.</summary>
    private const int DrainMilliseconds = 1000;

    private readonly ProgramRun _run;
    private readonly int _pid;
    private readonly OwnedFd _pidfd;
    private readonly MemoryStream _output = new();
    private readonly MemoryStream _error = new();
    private OwnedFd? _in;
    private OwnedFd? _out;
    private OwnedFd? _err;
    private int _written;
    private bool _reaped;

    internal ProgramConversation(ProgramRun run, int pid, OwnedFd pidfd, OwnedFd input, OwnedFd output, OwnedFd error)
    {
        (_run, _pid, _pidfd) = (run, pid, pidfd);
        (_in, _out, _err) = (input, output, error);
        SetNonBlocking(input);
        if (run.Input.IsEmpty)
        {
            Close(ref _in);
        }
    }

    internal ProgramResult Finish(CancellationToken cancellationToken)
    {
        long deadline = Environment.TickCount64 + (long)_run.Timeout.TotalMilliseconds;
        long drained = long.MaxValue;
        ProgramEnd end = ProgramEnd.Exited;
        ChildExit? exit = null;
        while (exit is null || (_out is not null || _err is not null))
        {
            long now = Environment.TickCount64;
            if (exit is null && end == ProgramEnd.Exited)
            {
                end = Verdict(now >= deadline, cancellationToken.IsCancellationRequested);
            }

            if (end != ProgramEnd.Exited || now >= drained)
            {
                break;
            }

            Exchange(exit is null, (int)Math.Clamp(Math.Min(deadline, drained) - now, 0, Slice));
            if (exit is null && (exit = Pidfd.TryReap(_pidfd)) is not null)
            {
                _reaped = true;
                drained = Environment.TickCount64 + DrainMilliseconds;
            }
        }

        return new ProgramResult(end, exit ?? Kill(), _output.ToArray(), Encoding.UTF8.GetString(_error.GetBuffer(), 0, (int)_error.Length));
    }

    public void Dispose()
    {
        if (!_reaped)
        {
            Kill();
        }

        Close(ref _in);
        Close(ref _out);
        Close(ref _err);
        _output.Dispose();
        _error.Dispose();
    }

    private ProgramEnd Verdict(bool late, bool cancelled) =>
        _output.Length > _run.MaxOutput ? ProgramEnd.TooMuchOutput
        : cancelled ? ProgramEnd.Cancelled
        : late ? ProgramEnd.TimedOut
        : ProgramEnd.Exited;

    /// <summary>The group first: while its leader is not collected, the number cannot belong to others.</summary>
    private ChildExit Kill()
    {
        Libc.kill(-_pid, (int)Signal.SIGKILL);
        Pidfd.SendSignal(_pidfd, Signal.SIGKILL);
        Pidfd.WaitForExit(_pidfd, Timeout.InfiniteTimeSpan);
        _reaped = true;
        return Pidfd.TryReap(_pidfd) ?? new ChildExit(_pid, (int)Signal.SIGKILL, true);
    }

    private void Exchange(bool running, int milliseconds)
    {
        const int count = 4;
        Libc.PollFd* entries = stackalloc Libc.PollFd[count];
        using FdLease input = new(_in);
        using FdLease output = new(_out);
        using FdLease error = new(_err);
        using FdLease process = new(_pidfd);
        entries[0] = Entry(_in, input.Fd, POLLOUT);
        entries[1] = Entry(_out, output.Fd, POLLIN);
        entries[2] = Entry(_err, error.Fd, POLLIN);
        entries[3] = Entry(running ? _pidfd : null, process.Fd, POLLIN);
        if (Libc.poll(entries, count, milliseconds) <= 0)
        {
            return;
        }

        if (entries[0].Returned != 0)
        {
            Feed(input.Fd);
        }

        if (entries[1].Returned != 0 && !Drain(output.Fd, _output, _run.MaxOutput + 1))
        {
            Close(ref _out);
        }

        if (entries[2].Returned != 0 && !Drain(error.Fd, _error, _run.MaxError))
        {
            Close(ref _err);
        }
    }

    private static Libc.PollFd Entry(OwnedFd? handle, int fd, short events) =>
        new() { Fd = handle is null ? -1 : fd, Events = events };

    private void Feed(int fd)
    {
        ReadOnlySpan<byte> rest = _run.Input.Span[_written..];
        fixed (byte* p = rest)
        {
            nint count = Libc.write(fd, p, (nuint)rest.Length);
            bool again = count < 0 && Marshal.GetLastPInvokeError() is (int)Errno.EAGAIN or (int)Errno.EINTR;
            _written += count > 0 ? (int)count : 0;
            if (_written == _run.Input.Length || (count < 0 && !again))
            {
                Close(ref _in); // EPIPE: a program need not read its input.
            }
        }
    }

    /// <returns><see langword="false"/>: the other end is closed.</returns>
    private static bool Drain(int fd, MemoryStream into, int limit)
    {
        byte* chunk = stackalloc byte[ChunkSize];
        nint count = Libc.read(fd, chunk, ChunkSize);
        if (count <= 0)
        {
            return count < 0 && Marshal.GetLastPInvokeError() == (int)Errno.EINTR;
        }

        int keep = (int)Math.Min(count, Math.Max(0, limit - into.Length));
        into.Write(new ReadOnlySpan<byte>(chunk, keep));
        return true;
    }

    private static void SetNonBlocking(OwnedFd fd)
    {
        const int getFlags = 3;
        const int setFlags = 4;
        const int nonBlock = 0x800;
        using FdLease lease = new(fd);
        Libc.fcntl(lease.Fd, setFlags, Libc.fcntl(lease.Fd, getFlags, 0) | nonBlock);
    }

    private static void Close(ref OwnedFd? handle)
    {
        handle?.Dispose();
        handle = null;
    }
}
