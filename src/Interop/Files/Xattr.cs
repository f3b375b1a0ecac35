// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using System.Text;

namespace Gantry.Interop.Files;

/// <summary>Extended attributes of an open file, directory or symbolic link (O_PATH is enough).</summary>
/// <remarks>
/// Descriptors opened with O_PATH are reached through /proc/self/fd: that link leads to the very object, a
/// symbolic link included, and is not followed further.
/// </remarks>
public static unsafe class Xattr
{
    /// <summary>XATTR_SIZE_MAX and XATTR_LIST_MAX of linux/limits.h, in bytes.</summary>
    public const int MaximumSize = 65536;

    /// <summary>Sets or replaces <paramref name="name"/> (with its prefix, such as <c>user.</c>).</summary>
    public static Errno TrySet(SafeHandle file, KernelText name, ReadOnlySpan<byte> value)
    {
        using FdLease lease = new(file);
        fixed (byte* n = name)
        {
            fixed (byte* v = value)
            {
                Errno errno = At.Result(Libc.fsetxattr(lease.Fd, n, v, (nuint)value.Length, 0));
                if (errno != Errno.EBADF)
                {
                    return errno;
                }

                fixed (byte* p = ProcPath(lease.Fd))
                {
                    return At.Result(Libc.setxattr(p, n, v, (nuint)value.Length, 0));
                }
            }
        }
    }

    /// <inheritdoc cref="TrySet"/>
    /// <exception cref="SyscallException">EOPNOTSUPP: the file system or the kind of file has no such attributes.</exception>
    public static void Set(SafeHandle file, KernelText name, ReadOnlySpan<byte> value) =>
        At.Check(TrySet(file, name, value), "setxattr", name);

    /// <returns>The value; <see langword="null"/> when absent or not supported.</returns>
    public static byte[]? Get(SafeHandle file, KernelText name)
    {
        using FdLease lease = new(file);
        byte[] buffer = new byte[256];
        while (true)
        {
            nint length = Get(lease.Fd, name, buffer);
            Errno errno = At.Result(length);
            switch (errno)
            {
                case Errno.None:
                    return buffer.AsSpan(0, (int)length).ToArray();
                case Errno.ENODATA or Errno.EOPNOTSUPP:
                    return null;
                case Errno.ERANGE when buffer.Length < MaximumSize:
                    buffer = new byte[MaximumSize];
                    break;
                default:
                    throw new SyscallException("getxattr", name.ToString(), errno);
            }
        }
    }

    /// <returns>Names with their prefixes; empty when the file system has no attributes.</returns>
    public static IReadOnlyList<string> List(SafeHandle file)
    {
        using FdLease lease = new(file);
        byte[] buffer = new byte[MaximumSize];
        nint length = List(lease.Fd, buffer);
        Errno errno = At.Result(length);
        if (errno == Errno.EOPNOTSUPP)
        {
            return [];
        }

        if (errno != Errno.None)
        {
            throw new SyscallException("listxattr", OpenFile.Subject(file), errno);
        }

        List<string> names = [];
        for (ReadOnlySpan<byte> rest = buffer.AsSpan(0, (int)length); !rest.IsEmpty;)
        {
            int end = rest.IndexOf((byte)0);
            names.Add(Encoding.UTF8.GetString(rest[..end]));
            rest = rest[(end + 1)..];
        }

        return names;
    }

    /// <summary>Removes <paramref name="name"/>; absent is success.</summary>
    public static void Remove(SafeHandle file, KernelText name)
    {
        using FdLease lease = new(file);
        fixed (byte* p = ProcPath(lease.Fd))
        {
            fixed (byte* n = name)
            {
                Errno errno = At.Result(Libc.removexattr(p, n));
                At.Check(errno == Errno.ENODATA ? Errno.None : errno, "removexattr", name);
            }
        }
    }

    private static nint Get(int fd, KernelText name, byte[] buffer)
    {
        fixed (byte* n = name)
        {
            fixed (byte* b = buffer)
            {
                nint length = Libc.fgetxattr(fd, n, b, (nuint)buffer.Length);
                if (length >= 0 || Marshal.GetLastPInvokeError() != (int)Errno.EBADF)
                {
                    return length;
                }

                fixed (byte* p = ProcPath(fd))
                {
                    return Libc.getxattr(p, n, b, (nuint)buffer.Length);
                }
            }
        }
    }

    private static nint List(int fd, byte[] buffer)
    {
        fixed (byte* b = buffer)
        {
            nint length = Libc.flistxattr(fd, b, (nuint)buffer.Length);
            if (length >= 0 || Marshal.GetLastPInvokeError() != (int)Errno.EBADF)
            {
                return length;
            }

            fixed (byte* p = ProcPath(fd))
            {
                return Libc.listxattr(p, b, (nuint)buffer.Length);
            }
        }
    }

    private static byte[] ProcPath(int fd) => CString.Encode($"/proc/self/fd/{fd}");
}
