// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop.Events;
using Gantry.Interop.Sockets;
using Gantry.Monitor.Logs;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Monitor.Containers;

/// <summary>The log of one container: its file and the streams that feed it.</summary>
internal sealed class ContainerLogs(EventLoop loop, LogBuffers buffers, LogFile? file) : IDisposable
{
    private readonly List<LogStream> _streams = [];
    private readonly TaskCompletionSource _written = new();

    /// <summary>Completes when all streams have ended and everything is in the file.</summary>
    internal Task Written => _written.Task;

    /// <param name="stdout">Owned from now on.</param>
    /// <param name="stderr">Owned from now on; absent with a terminal.</param>
    internal void Follow(SafeFileHandle stdout, SafeFileHandle? stderr)
    {
        Pipe.SetNonBlocking(stdout);
        _streams.Add(new LogStream(loop, stdout, "stdout", file, buffers, OnEnd));
        if (stderr is not null)
        {
            Pipe.SetNonBlocking(stderr);
            _streams.Add(new LogStream(loop, stderr, "stderr", file, buffers, OnEnd));
        }
    }

    internal void Reopen() => file?.Reopen();

    /// <summary>Takes what is there, and ends streams that somebody still holds open.</summary>
    internal void Finish() => _streams.ForEach(static stream => stream.Finish());

    public void Dispose()
    {
        _streams.ForEach(static stream => stream.Dispose());
        file?.Dispose();
    }

    private void OnEnd()
    {
        if (_streams.TrueForAll(static stream => stream.Ended))
        {
            _written.TrySetResult();
        }
    }
}
