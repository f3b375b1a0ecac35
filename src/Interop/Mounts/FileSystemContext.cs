// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using System.Text;
using Gantry.Interop.Files;

namespace Gantry.Interop.Mounts;

/// <summary>A file system being configured: fsopen(2), fsconfig(2), fsmount(2). Linux 5.2.</summary>
/// <example><code>
/// using FileSystemContext tmpfs = new("tmpfs");
/// tmpfs.Set("mode", "755");
/// using OwnedFd mount = tmpfs.Mount(MountAttributes.MOUNT_ATTR_NOSUID);
/// </code></example>
public sealed unsafe class FileSystemContext : IDisposable
{
    public const int FSCONFIG_SET_FLAG = 0;
    public const int FSCONFIG_SET_STRING = 1;
    public const int FSCONFIG_SET_FD = 5;
    public const int FSCONFIG_CMD_CREATE = 6;
    public const int FSMOUNT_CLOEXEC = 1;
    public const int FSOPEN_CLOEXEC = 1;

    private readonly string _type;
    private readonly OwnedFd _context;

    /// <param name="type">A name of /proc/filesystems.</param>
    /// <exception cref="SyscallException">ENODEV: the kernel has no such file system.</exception>
    public FileSystemContext(string type)
    {
        _type = type;
        fixed (byte* p = CString.Encode(type))
        {
            nint fd = Libc.syscall(SyscallNumber.SYS_fsopen, (nint)p, FSOPEN_CLOEXEC, 0, 0, 0, 0);
            _context = fd >= 0 ? new OwnedFd((int)fd) : throw SyscallException.FromLastError("fsopen", type);
        }
    }

    public void Set(string key, string value)
    {
        fixed (byte* v = CString.Encode(value))
        {
            Configure(FSCONFIG_SET_STRING, key, (nint)v, 0, value);
        }
    }

    public void SetFlag(string key) => Configure(FSCONFIG_SET_FLAG, key, 0, 0, "");

    public void SetFd(string key, SafeHandle value)
    {
        using FdLease lease = new(value);
        Configure(FSCONFIG_SET_FD, key, 0, lease.Fd, "fd");
    }

    /// <summary>Makes the file system and a detached mount of it.</summary>
    /// <returns>The mount; it vanishes with its last descriptor unless it was attached.</returns>
    public OwnedFd Mount(MountAttributes attributes)
    {
        Configure(FSCONFIG_CMD_CREATE, null, 0, 0, "");
        using FdLease lease = new(_context);
        nint fd = Libc.syscall(SyscallNumber.SYS_fsmount, lease.Fd, FSMOUNT_CLOEXEC, (nint)attributes, 0, 0, 0);
        return fd >= 0 ? new OwnedFd((int)fd) : throw Failed("fsmount", _type, (Errno)Marshal.GetLastPInvokeError());
    }

    public void Dispose() => _context.Dispose();

    private void Configure(int command, string? key, nint value, int auxiliary, string shown)
    {
        using FdLease lease = new(_context);
        byte[]? keyBytes = key is null ? null : CString.Encode(key);
        fixed (byte* k = keyBytes)
        {
            if (Libc.syscall(SyscallNumber.SYS_fsconfig, lease.Fd, command, (nint)k, value, auxiliary, 0) < 0)
            {
                throw Failed("fsconfig", key is null ? $"{_type} create" : $"{_type} {key}={shown}", (Errno)Marshal.GetLastPInvokeError());
            }
        }
    }

    /// <summary>The context's message queue says more than the error number ("overlay: ...").</summary>
    private SyscallException Failed(string call, string subject, Errno errno)
    {
        byte* buffer = stackalloc byte[1024];
        using FdLease lease = new(_context);
        nint length = Libc.read(lease.Fd, buffer, 1024);
        string detail = length > 0 ? $"; {Encoding.UTF8.GetString(buffer, (int)length).Trim()}" : "";
        return new SyscallException(call, subject + detail, errno);
    }
}
