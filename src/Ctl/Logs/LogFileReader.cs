// SPDX-License-Identifier: Apache-2.0
using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Ctl.Logs;

/// <summary>Reads records from a log file that grows and may be replaced by a new one under the same name.</summary>
internal sealed class LogFileReader : IDisposable
{
    private const int BufferSize = 64 * 1024;

    /// <summary>The longest record the monitor writes is a pipe's worth; anything longer is cut here.</summary>
    private const int MaxRecord = 1024 * 1024;

    private readonly string _path;
    private readonly byte[] _buffer = new byte[BufferSize];
    private readonly ArrayBufferWriter<byte> _record = new();
    private SafeFileHandle _file;
    private long _offset;

    internal LogFileReader(string path, long offset = 0)
    {
        _path = path;
        _file = Open(path);
        _offset = offset;
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Records that are complete now.</summary>
    internal IEnumerable<ReadOnlyMemory<byte>> ReadAvailable()
    {
        do
        {
            int read;
            while ((read = RandomAccess.Read(_file, _buffer, _offset)) > 0)
            {
                _offset += read;
                foreach (ReadOnlyMemory<byte> record in Split(_buffer.AsMemory(0, read)))
                {
                    yield return record;
                }
            }
        }
        while (MoveToNewFile());
    }

    /// <summary>When the name leads to another file, and the old one is read to its end: go on there from the start.</summary>
    private bool MoveToNewFile()
    {
        if (RandomAccess.GetLength(_file) < _offset)
        {
            // Truncated in place.
            _offset = 0;
            return true;
        }

        string current = OpenName(_file);
        if (current == _path || !File.Exists(_path))
        {
            return false;
        }

        SafeFileHandle next = Open(_path);
        bool same = OpenName(next) == current;

        // What was written to the old file between the last read and now comes first.
        bool unread = RandomAccess.GetLength(_file) > _offset;
        if (same || unread)
        {
            next.Dispose();
            return unread;
        }

        _file.Dispose();
        _file = next;
        _offset = 0;
        return true;
    }

    /// <summary>Where the open file is now: the kernel follows renames, and says "(deleted)".</summary>
    private static string OpenName(SafeFileHandle file) =>
        File.ResolveLinkTarget($"/proc/self/fd/{file.DangerousGetHandle()}", returnFinalTarget: false)?.FullName ?? "";

    private static SafeFileHandle Open(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    private IEnumerable<ReadOnlyMemory<byte>> Split(ReadOnlyMemory<byte> chunk)
    {
        while (chunk.Length > 0)
        {
            int newline = chunk.Span.IndexOf((byte)'\n');
            ReadOnlyMemory<byte> part = newline < 0 ? chunk : chunk[..newline];
            if (_record.WrittenCount + part.Length <= MaxRecord)
            {
                _record.Write(part.Span);
            }

            if (newline < 0)
            {
                yield break;
            }

            yield return _record.WrittenMemory.ToArray();
            _record.ResetWrittenCount();
            chunk = chunk[(newline + 1)..];
        }
    }
}
