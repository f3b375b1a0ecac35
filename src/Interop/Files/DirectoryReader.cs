// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Gantry.Interop.Files;

/// <summary>Walks the names of an open directory (getdents64(2)); <c>.</c> and <c>..</c> are left out.</summary>
/// <remarks>Does not own the descriptor. Starts at its position, which is the beginning right after the open.</remarks>
public sealed unsafe class DirectoryReader
{
    // struct linux_dirent64: u64 d_ino, s64 d_off, u16 d_reclen, u8 d_type, name with NUL.
    private const int LengthOffset = 16;
    private const int TypeOffset = 18;
    private const int NameOffset = 19;

    private readonly SafeHandle _directory;
    private readonly byte[] _buffer = new byte[32 * 1024];
    private int _filled;
    private int _next;
    private int _current;
    private int _nameEnd;

    /// <param name="directory">Opened for reading, not O_PATH.</param>
    public DirectoryReader(SafeHandle directory) => _directory = directory;

    /// <summary>The current name, ready for the calls of <see cref="At"/>; valid until the next <see cref="MoveNext"/>.</summary>
    public KernelText Name => KernelText.FromTerminated(_buffer.AsSpan(_current + NameOffset, _nameEnd + 1));

    /// <summary>Kind of the current entry; Unknown on file systems that do not tell.</summary>
    public FileType Type => (FileType)_buffer[_current + TypeOffset];

    /// <summary>Inode number of the current entry as the directory has it.</summary>
    public ulong Inode => BinaryPrimitives.ReadUInt64LittleEndian(_buffer.AsSpan(_current));

    /// <summary>All names of a directory, read as UTF-8. For directories of our own.</summary>
    public static IReadOnlyList<string> Names(SafeHandle directory)
    {
        List<string> names = [];
        DirectoryReader reader = new(directory);
        reader.Rewind();
        while (reader.MoveNext())
        {
            names.Add(Encoding.UTF8.GetString(reader.Name.Bytes));
        }

        return names;
    }

    /// <summary>Starts again from the first name.</summary>
    public void Rewind()
    {
        OpenFile.Seek(_directory, 0);
        _filled = 0;
        _next = 0;
    }

    /// <returns><see langword="false"/> at the end.</returns>
    /// <exception cref="SyscallException">The directory cannot be read.</exception>
    public bool MoveNext()
    {
        while (true)
        {
            if (_next >= _filled && !Fill())
            {
                return false;
            }

            _current = _next;
            ReadOnlySpan<byte> entry = _buffer.AsSpan(_current);
            _next += BinaryPrimitives.ReadUInt16LittleEndian(entry[LengthOffset..]);
            ReadOnlySpan<byte> name = entry[NameOffset..];
            _nameEnd = name.IndexOf((byte)0);
            if (!name[.._nameEnd].SequenceEqual("."u8) && !name[.._nameEnd].SequenceEqual(".."u8))
            {
                return true;
            }
        }
    }

    private bool Fill()
    {
        using FdLease lease = new(_directory);
        fixed (byte* p = _buffer)
        {
            nint count = Libc.syscall(SyscallNumber.SYS_getdents64, lease.Fd, (nint)p, _buffer.Length, 0, 0, 0);
            Errno errno = At.Result(count);
            if (errno != Errno.None)
            {
                throw new SyscallException("getdents64", OpenFile.Subject(_directory), errno);
            }

            _filled = (int)count;
            _next = 0;
            return count > 0;
        }
    }
}
