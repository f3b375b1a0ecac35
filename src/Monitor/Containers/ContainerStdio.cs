// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Sockets;
using Gantry.Runtime.Launch;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Monitor.Containers;

/// <summary>The pipes of a container: the ends it gets, and the ends that stay.</summary>
internal sealed class ContainerStdio : IDisposable
{
    private readonly OwnedFd? _nothing;
    private readonly SafeFileHandle? _stdinReader;
    private readonly SafeFileHandle _stdoutWriter;
    private readonly SafeFileHandle _stderrWriter;

    /// <param name="stdin">A pipe that stays open until somebody attaches; otherwise /dev/null.</param>
    internal ContainerStdio(bool stdin)
    {
        (Stdout, _stdoutWriter) = Pipe.Create();
        (Stderr, _stderrWriter) = Pipe.Create();
        Prepare(Stdout);
        Prepare(Stderr);
        if (stdin)
        {
            (_stdinReader, StdinWriter) = Pipe.Create();
        }
        else
        {
            _nothing = Openat2.Open(null, "/dev/null", OpenFlags.O_RDONLY, ResolveFlags.None);
        }
    }

    internal SafeFileHandle? StdinWriter { get; private set; }

    internal SafeFileHandle? Stdout { get; private set; }

    internal SafeFileHandle? Stderr { get; private set; }

    /// <summary>What the container gets. Stays owned by this object.</summary>
    internal ProcessStdio ForProcess => new()
    {
        Input = _stdinReader is null ? _nothing! : _stdinReader,
        Output = _stdoutWriter,
        Error = _stderrWriter,
    };

    /// <summary>The ends that stay become the caller's.</summary>
    internal (SafeFileHandle? Stdin, SafeFileHandle Stdout, SafeFileHandle Stderr) TakeOurs()
    {
        (SafeFileHandle? stdin, SafeFileHandle stdout, SafeFileHandle stderr) = (StdinWriter, Stdout!, Stderr!);
        (StdinWriter, Stdout, Stderr) = (null, null, null);
        return (stdin, stdout, stderr);
    }

    public void Dispose()
    {
        _nothing?.Dispose();
        _stdinReader?.Dispose();
        _stdoutWriter.Dispose();
        _stderrWriter.Dispose();
        StdinWriter?.Dispose();
        Stdout?.Dispose();
        Stderr?.Dispose();
    }

    private static void Prepare(SafeFileHandle reader)
    {
        const int Capacity = 256 * 1024;
        Pipe.SetNonBlocking(reader);
        Pipe.TrySetCapacity(reader, Capacity);
    }
}
