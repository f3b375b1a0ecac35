// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using System.Text;
using Gantry.Interop.Files;
using Gantry.Interop.Processes;

namespace Gantry.Interop.Namespaces;

/// <summary>A short-lived program to run: its input is given, its output is collected.</summary>
public sealed record ProgramRun
{
    /// <summary>Absolute path.</summary>
    public required string Path { get; init; }

    /// <summary>Arguments after the program's own name.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The whole environment, <c>NAME=value</c>.</summary>
    public required IReadOnlyList<string> Environment { get; init; }

    public ReadOnlyMemory<byte> Input { get; init; }

    /// <summary>Then the program and its process group are killed.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>Bytes kept of standard output; more is an error of the program, which is killed.</summary>
    public int MaxOutput { get; init; } = 1024 * 1024;

    /// <summary>Bytes kept of standard error; the rest is read and dropped.</summary>
    public int MaxError { get; init; } = 64 * 1024;

    /// <summary>Network namespace to run in; <see langword="null"/>: the caller's.</summary>
    public SafeHandle? NetworkNamespace { get; init; }
}

/// <summary>Why a program ended.</summary>
public enum ProgramEnd
{
    Exited,
    TimedOut,
    Cancelled,
    TooMuchOutput,
}

/// <summary>What a program left behind.</summary>
public sealed record ProgramResult(ProgramEnd End, ChildExit Exit, byte[] Output, string Error);

/// <summary>posix_spawn(3): starts a program without running any of our code in the child.</summary>
public static unsafe class PosixSpawn
{
    /// <summary>Runs a program to its end on a thread of its own.</summary>
    /// <exception cref="SyscallException">It could not be started: ENOENT, EACCES, ENOEXEC, …</exception>
    public static Task<ProgramResult> RunAsync(ProgramRun run, CancellationToken cancellationToken)
    {
        TaskCompletionSource<ProgramResult> source = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Thread thread = new(() => Complete(source, run, cancellationToken), 256 * 1024) { IsBackground = true, Name = "plugin" };
        thread.Start();
        return source.Task;
    }

    private static void Complete(TaskCompletionSource<ProgramResult> source, ProgramRun run, CancellationToken cancellationToken)
    {
        try
        {
            source.SetResult(Run(run, cancellationToken));
        }
        catch (Exception e)
        {
            source.SetException(e);
        }
    }

    private static ProgramResult Run(ProgramRun run, CancellationToken cancellationToken)
    {
        using Pipe input = Pipe.Make();
        using Pipe output = Pipe.Make();
        using Pipe error = Pipe.Make();
        int pid = NetworkNamespace.Run(run.NetworkNamespace, () => Start(run, input.Read, output.Write, error.Write));
        using OwnedFd pidfd = Pidfd.Open(pid);
        input.Read.Dispose();
        output.Write.Dispose();
        error.Write.Dispose();
        using ProgramConversation conversation = new(run, pid, pidfd, input.Write, output.Read, error.Read);
        return conversation.Finish(cancellationToken);
    }

    private static int Start(ProgramRun run, OwnedFd input, OwnedFd output, OwnedFd error)
    {
        using CStrings arguments = new([run.Path, .. run.Arguments]);
        using CStrings environment = new(run.Environment);
        using FdLease stdin = new(input);
        using FdLease stdout = new(output);
        using FdLease stderr = new(error);
        SpawnSettings settings = default;
        settings.Initialise();
        try
        {
            settings.Redirect(stdin.Fd, 0);
            settings.Redirect(stdout.Fd, 1);
            settings.Redirect(stderr.Fd, 2);
            settings.CloseFrom(3);
            int pid;
            int result = Libc.posix_spawn(
                &pid, (byte*)arguments.Pointers[0], settings.Actions, settings.Attributes, arguments.Pointers, environment.Pointers);
            return result == 0 ? pid : throw new SyscallException("posix_spawn", run.Path, (Errno)result);
        }
        finally
        {
            settings.Destroy();
        }
    }

    /// <summary>A NULL-terminated array of C strings in unmanaged memory.</summary>
    private sealed class CStrings : IDisposable
    {
        private readonly int _count;

        internal CStrings(IReadOnlyList<string> values)
        {
            _count = values.Count;
            Pointers = (nint*)NativeMemory.AllocZeroed((nuint)(_count + 1), (nuint)sizeof(nint));
            for (int i = 0; i < _count; i++)
            {
                Pointers[i] = Copy(values[i]);
            }
        }

        internal nint* Pointers { get; }

        public void Dispose()
        {
            for (int i = 0; i < _count; i++)
            {
                NativeMemory.Free((void*)Pointers[i]);
            }

            NativeMemory.Free(Pointers);
        }

        private static nint Copy(string value)
        {
            byte[] bytes = CString.Encode(value);
            void* memory = NativeMemory.Alloc((nuint)bytes.Length);
            bytes.CopyTo(new Span<byte>(memory, bytes.Length));
            return (nint)memory;
        }
    }

    private sealed class Pipe(OwnedFd read, OwnedFd write) : IDisposable
    {
        internal OwnedFd Read { get; } = read;

        internal OwnedFd Write { get; } = write;

        internal static Pipe Make()
        {
            const int closeOnExec = 0x80000;
            int* ends = stackalloc int[2];
            return Libc.syscall(SyscallNumber.SYS_pipe2, (nint)ends, closeOnExec, 0, 0, 0, 0) == 0
                ? new Pipe(new OwnedFd(ends[0]), new OwnedFd(ends[1]))
                : throw SyscallException.FromLastError("pipe2", "program");
        }

        public void Dispose()
        {
            Read.Dispose();
            Write.Dispose();
        }
    }
}
