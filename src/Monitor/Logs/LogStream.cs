// SPDX-License-Identifier: Apache-2.0
using System.Numerics;
using Gantry.Interop;
using Gantry.Interop.Events;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Monitor.Logs;

/// <summary>One output of a container, read to its end and written as records.</summary>
internal sealed class LogStream : IDisposable
{
    private readonly SafeFileHandle _source;
    private readonly string _name;
    private readonly LogFile? _file;
    private readonly LogBuffers _buffers;
    private readonly Action _onEnd;
    private readonly EventLoop.Watch _watch;
    private byte[] _rest = [];
    private int _restLength;
    private bool _ended;

    /// <param name="source">Non-blocking pipe or terminal; owned from now on.</param>
    /// <param name="name"><c>stdout</c> or <c>stderr</c>.</param>
    /// <param name="file"><see langword="null"/>: the output is read and dropped.</param>
    /// <param name="onEnd">Called once, when all is written.</param>
    internal LogStream(EventLoop loop, SafeFileHandle source, string name, LogFile? file, LogBuffers buffers, Action onEnd)
    {
        _source = source;
        _name = name;
        _file = file;
        _buffers = buffers;
        _onEnd = onEnd;
        _watch = loop.Add(source, EpollEvents.EPOLLIN, _ => ReadOnce());
    }

    internal bool Ended => _ended;

    /// <summary>Takes what is there and ends, although others still hold the stream open.</summary>
    internal void Finish()
    {
        const int MaxReads = 64; // more than the largest pipe; who writes on and on is not waited for
        for (int i = 0; i < MaxReads && !_ended && ReadOnce(); i++)
        {
        }

        End();
    }

    public void Dispose()
    {
        if (!_ended)
        {
            _ended = true;
            _watch.Dispose();
            _source.Dispose();
        }
    }

    /// <returns><see langword="true"/>: bytes came, there may be more.</returns>
    private bool ReadOnce()
    {
        byte[] input = _buffers.Input;
        _rest.AsSpan(0, _restLength).CopyTo(input);
        int count = ByteIo.Read(_source, input.AsSpan(_restLength), out Errno errno);
        if (count > 0)
        {
            Write(input.AsSpan(0, _restLength + count));
        }
        else if (errno != Errno.EAGAIN)
        {
            End(); // EIO: no process has the terminal any more
        }

        return count > 0;
    }

    private void Write(ReadOnlySpan<byte> stream)
    {
        RecordWriter writer = new(_buffers.Output, CriLogFormat.Prefix(DateTimeOffset.UtcNow, _name), _file);
        while (CriLogFormat.TryCut(stream, out int length, out int consumed, out bool partial))
        {
            writer.Add(stream[..length], partial);
            stream = stream[consumed..];
        }

        writer.Flush();
        KeepRest(stream);
    }

    private void KeepRest(ReadOnlySpan<byte> rest)
    {
        if (_rest.Length < rest.Length)
        {
            _rest = new byte[BitOperations.RoundUpToPowerOf2((uint)rest.Length)];
        }

        rest.CopyTo(_rest);
        _restLength = rest.Length;
    }

    // A last line without a line end is a partial one, as in containerd: no reader adds a line end that was not there.
    private void End()
    {
        if (_ended)
        {
            return;
        }

        if (_restLength > 0)
        {
            RecordWriter writer = new(_buffers.Output, CriLogFormat.Prefix(DateTimeOffset.UtcNow, _name), _file);
            writer.Add(_rest.AsSpan(0, _restLength), partial: true);
            writer.Flush();
            _restLength = 0;
        }

        Dispose();
        _onEnd();
    }

    /// <summary>Collects records so that one write takes many.</summary>
    private ref struct RecordWriter(byte[] output, byte[] prefix, LogFile? file)
    {
        private int _used;

        internal void Add(ReadOnlySpan<byte> text, bool partial)
        {
            if (_used + text.Length + CriLogFormat.Overhead > output.Length)
            {
                Flush();
            }

            prefix[^2] = partial ? (byte)'P' : (byte)'F';
            prefix.CopyTo(output.AsSpan(_used));
            text.CopyTo(output.AsSpan(_used + prefix.Length));
            _used += prefix.Length + text.Length;
            output[_used++] = (byte)'\n';
        }

        internal void Flush()
        {
            if (_used > 0)
            {
                file?.Write(output.AsSpan(0, _used));
                _used = 0;
            }
        }
    }
}
