// SPDX-License-Identifier: Apache-2.0
using System.Buffers;
using Gantry.Interop;
using Gantry.Interop.Events;
using Microsoft.Win32.SafeHandles;

namespace Gantry.MonitorApi.Client;

/// <summary>Reads a pipe to its end and keeps the first part: what comes after the limit is read and dropped.</summary>
internal sealed class OutputCollector : IDisposable
{
    private const int MaxFinalReads = 16; // a pipe of 1 MiB; who goes on writing is not the process that ended
    private readonly MonitorLoop _loop;
    private readonly SafeFileHandle _pipe;
    private readonly int _limit;
    private readonly ArrayBufferWriter<byte> _kept = new();
    private readonly TaskCompletionSource<byte[]> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private EventLoop.Watch? _watch;

    /// <param name="pipe">Non-blocking; owned from now on.</param>
    /// <param name="limit">Bytes kept.</param>
    internal OutputCollector(MonitorLoop loop, SafeFileHandle pipe, int limit)
    {
        _loop = loop;
        _pipe = pipe;
        _limit = limit;
        loop.Events.Post(() => _watch = loop.Events.Add(pipe, EpollEvents.EPOLLIN, _ => ReadOnce()));
    }

    /// <summary>Completes at the end of the pipe, or when <see cref="FinishSoon"/> says so.</summary>
    internal Task<byte[]> Output => _done.Task;

    /// <summary>The writer has ended: takes what is in the pipe. Others that hold it open get a little time, then are not waited for.</summary>
    internal void FinishSoon(TimeSpan grace) => _loop.Events.Post(() =>
    {
        for (int i = 0; i < MaxFinalReads && ReadOnce(); i++)
        {
        }

        if (!_pipe.IsClosed)
        {
            _loop.Events.After(grace, Finish);
        }
    });

    public void Dispose() => _loop.Events.Post(Finish);

    /// <returns><see langword="true"/>: bytes came, there may be more.</returns>
    private bool ReadOnce()
    {
        if (_pipe.IsClosed)
        {
            return false;
        }

        int count = ByteIo.Read(_pipe, _loop.Scratch, out Errno errno);
        if (count > 0)
        {
            _kept.Write(_loop.Scratch.AsSpan(0, Math.Min(count, _limit - _kept.WrittenCount)));
        }
        else if (errno != Errno.EAGAIN)
        {
            Finish();
        }

        return count > 0;
    }

    private void Finish()
    {
        if (!_pipe.IsClosed)
        {
            _watch?.Dispose();
            _pipe.Dispose();
            _done.TrySetResult(_kept.WrittenSpan.ToArray());
        }
    }
}
