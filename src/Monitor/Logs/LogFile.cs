// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Gantry.Interop;
using Gantry.Interop.Events;
using Gantry.Interop.Files;
using Gantry.Interop.Sockets;

namespace Gantry.Monitor.Logs;

/// <summary>The file that the kubelet reads. It always ends with a whole record.</summary>
/// <remarks>
/// A container is never stopped or blocked because its log cannot be written. What a full disk refuses is dropped and
/// counted; the first record after it says how much is missing.
/// </remarks>
internal sealed class LogFile : IDisposable
{
    private const uint FileMode = 0x1A0; // 0640
    private readonly string _path;
    private readonly string? _root;
    private OwnedFd _file;
    private long _lostBytes;
    private Errno _lostReason;

    /// <param name="path">Absolute.</param>
    /// <param name="root">Symbolic links are followed up to this directory and nowhere below; <see langword="null"/>: nowhere.</param>
    /// <exception cref="SyscallException">ELOOP: a symbolic link. EINVAL: not a plain file of its own.</exception>
    internal LogFile(string path, string? root)
    {
        _path = path;
        _root = root;
        _file = Open();
    }

    /// <summary>From here on everything goes to a new file at the path. When that fails, all goes on in the old one.</summary>
    internal void Reopen()
    {
        OwnedFd next = Open();
        _file.Dispose();
        _file = next;
    }

    /// <summary>Appends whole records.</summary>
    internal void Write(ReadOnlySpan<byte> records)
    {
        byte[] notice = _lostBytes > 0 ? Notice() : [];
        int written = WriteWhole(notice.Length > 0 ? [.. notice, .. records] : records, out Errno errno);
        if (written == notice.Length + records.Length)
        {
            _lostBytes = 0;
            return;
        }

        if (notice.Length == 0)
        {
            MonitorLog.Warn($"log {_path}: {errno}: output is dropped until it can be written again");
        }
        else if (written <= notice.Length)
        {
            // A notice alone would fill the disk with notices.
            CutTail(written);
            written = notice.Length;
        }
        else
        {
            _lostBytes = 0;
        }

        _lostBytes += notice.Length + records.Length - written;
        _lostReason = errno;
    }

    public void Dispose() => _file.Dispose();

    private byte[] Notice() =>
    [
        .. CriLogFormat.Prefix(DateTimeOffset.UtcNow, "stderr"),
        .. Encoding.ASCII.GetBytes($"gantry: {_lostBytes} bytes of log are missing here: {_lostReason}\n"),
    ];

    /// <returns>Bytes written, always up to the end of a record.</returns>
    private int WriteWhole(ReadOnlySpan<byte> bytes, out Errno errno)
    {
        int done = 0;
        errno = Errno.None;
        while (done < bytes.Length)
        {
            int count = ByteIo.Write(_file, bytes[done..], out errno);
            if (count <= 0)
            {
                int whole = bytes[..done].LastIndexOf((byte)'\n') + 1;
                CutTail(done - whole);
                return whole;
            }

            done += count;
        }

        return done;
    }

    // A torn record would spoil the one after it.
    private void CutTail(int bytes)
    {
        if (bytes > 0)
        {
            try
            {
                OpenFile.SetLength(_file, OpenFile.Status(_file).Size - bytes);
            }
            catch (SyscallException e)
            {
                MonitorLog.Warn($"log {_path}: the last record is torn: {e.Message}");
            }
        }
    }

    // CVE-2026-53489: what a container could plant in its log directory (a link, a FIFO, a device, another name of a
    // host file) is not written to.
    private OwnedFd Open()
    {
        OwnedFd? root = _root is null ? null : Openat2.Open(null, _root, OpenFlags.O_PATH | OpenFlags.O_DIRECTORY, ResolveFlags.None);
        using OwnedFd? _ = root;
        string path = _root is null ? _path : Path.GetRelativePath(_root, _path);
        ResolveFlags resolve = ResolveFlags.RESOLVE_NO_SYMLINKS | (root is null ? 0 : ResolveFlags.RESOLVE_BENEATH);
        OpenFlags flags = OpenFlags.O_WRONLY | OpenFlags.O_APPEND | OpenFlags.O_NOFOLLOW | OpenFlags.O_NONBLOCK | OpenFlags.O_NOCTTY;
        OwnedFd file = Openat2.Open(root, path, flags | OpenFlags.O_CREAT, resolve, FileMode);
        try
        {
            FileStatus status = OpenFile.Status(file);
            return status.Type == FileType.Regular && status.Links == 1
                ? file
                : throw new SyscallException("open", $"{_path}: {status.Type} with {status.Links} names, only a plain file with one is written", Errno.EINVAL);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
