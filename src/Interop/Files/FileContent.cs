// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Interop.Files;

/// <summary>Copies the bytes of a regular file; holes stay holes.</summary>
internal static class FileContent
{
    private const long MaximumStep = 1L << 30;
    private const int BufferSize = 1 << 20;

    /// <param name="from">Open for reading.</param>
    /// <param name="to">Empty, open for writing.</param>
    /// <param name="size">Length of the source.</param>
    internal static void Copy(SafeHandle from, SafeHandle to, long size, CancellationToken cancellationToken)
    {
        for (long position = 0; position < size && OpenFile.NextData(from, position) is (long start, long end);)
        {
            CopyRange(from, to, start, end, cancellationToken);
            position = end;
        }

        OpenFile.SetLength(to, size);
    }

    private static void CopyRange(SafeHandle from, SafeHandle to, long start, long end, CancellationToken cancellationToken)
    {
        while (start < end)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long count = OpenFile.TryCopyRange(from, start, to, start, Math.Min(end - start, MaximumStep), out Errno errno);
            if (errno is Errno.ENOSPC or Errno.EDQUOT or Errno.EFBIG or Errno.EIO)
            {
                throw new SyscallException("copy_file_range", OpenFile.Subject(to), errno);
            }

            if (count == 0)
            {
                // EXDEV, EINVAL, EOPNOTSUPP, or a file system that reports 0: the plain way always works.
                CopyByBuffer(from, to, start, end, cancellationToken);
                return;
            }

            start += count;
        }
    }

    private static void CopyByBuffer(SafeHandle from, SafeHandle to, long start, long end, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[(int)Math.Min(BufferSize, end - start)];
        while (start < end)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = OpenFile.ReadAt(from, buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - start)), start);
            if (count == 0)
            {
                return;
            }

            OpenFile.WriteAt(to, buffer.AsSpan(0, count), start);
            start += count;
        }
    }
}
