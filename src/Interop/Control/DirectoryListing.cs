// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Gantry.Interop.Control;

/// <summary>getdents64(2).</summary>
internal static unsafe class DirectoryListing
{
    private const int BufferBytes = 32 << 10;
    private const int LengthOffset = 16;
    private const int TypeOffset = 18;
    private const int NameOffset = 19;
    private const byte DT_DIR = 4;

    /// <param name="directory">Open for reading, at its start.</param>
    internal static List<string> Subdirectories(OwnedFd directory, string path)
    {
        List<string> names = [];
        byte[] buffer = new byte[BufferBytes];
        using FdLease lease = new(directory);
        fixed (byte* p = buffer)
        {
            while (true)
            {
                nint count = Libc.syscall(SyscallNumber.SYS_getdents64, lease.Fd, (nint)p, buffer.Length, 0, 0, 0);
                if (count < 0)
                {
                    Errno errno = (Errno)Marshal.GetLastPInvokeError();
                    return errno == Errno.ENOENT ? names : throw new SyscallException("getdents64", path, errno);
                }

                if (count == 0)
                {
                    return names;
                }

                Collect(buffer.AsSpan(0, (int)count), names);
            }
        }
    }

    private static void Collect(ReadOnlySpan<byte> entries, List<string> names)
    {
        while (entries.Length > NameOffset)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(entries[LengthOffset..]);
            ReadOnlySpan<byte> name = entries[NameOffset..length];
            name = name[..name.IndexOf((byte)0)];
            if (entries[TypeOffset] == DT_DIR && !name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
            {
                names.Add(Encoding.UTF8.GetString(name));
            }

            entries = entries[length..];
        }
    }
}
