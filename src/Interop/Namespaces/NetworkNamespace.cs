// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Interop.Files;
using Gantry.Interop.Spawn;

namespace Gantry.Interop.Namespaces;

/// <summary>Network namespaces as descriptors. All work inside one happens on a thread that ends with it.</summary>
public static unsafe class NetworkNamespace
{
    private const nuint NS_GET_NSTYPE = 0xb703;

    /// <summary>Makes a namespace and runs <paramref name="inside"/> in it before anybody else can.</summary>
    /// <param name="inside">What it returns (a netlink socket, say) belongs to the caller.</param>
    /// <returns>The namespace lives as long as this descriptor, a pin, a socket or a process in it.</returns>
    /// <exception cref="SyscallException">unshare: EPERM, ENOSPC (user.max_net_namespaces).</exception>
    public static (OwnedFd Namespace, T Result) Create<T>(Func<T> inside) => ThrowawayThread.Run(() =>
    {
        ThreadNamespaces.Unshare(CloneFlags.CLONE_NEWNET);
        OwnedFd created = ThreadNamespaces.OpenOwn("net");
        try
        {
            return (created, inside());
        }
        catch
        {
            created.Dispose();
            throw;
        }
    });

    /// <summary>Runs <paramref name="work"/> in a namespace: sockets, /proc/sys/net and children that it makes belong there.</summary>
    /// <param name="target"><see langword="null"/>: where the caller is, without another thread.</param>
    public static T Run<T>(SafeHandle? target, Func<T> work) =>
        target is null
            ? work()
            : ThrowawayThread.Run(() =>
            {
                ThreadNamespaces.Join(target, CloneFlags.CLONE_NEWNET);
                return work();
            });

    /// <summary>The calling thread's network namespace.</summary>
    public static OwnedFd OpenOwn() => ThreadNamespaces.OpenOwn("net");

    /// <summary>Opens a pinned namespace.</summary>
    /// <exception cref="SyscallException">ENOENT; EINVAL: the file is no network namespace.</exception>
    public static OwnedFd Open(string path)
    {
        OwnedFd fd = Openat2.Open(null, path, OpenFlags.O_RDONLY | OpenFlags.O_NONBLOCK, ResolveFlags.None);
        if (IsNetworkNamespace(fd))
        {
            return fd;
        }

        fd.Dispose();
        throw new SyscallException("ioctl NS_GET_NSTYPE", path, Errno.EINVAL);
    }

    /// <summary>Gives a namespace a name in the file system: an empty file under a bind mount of it.</summary>
    /// <param name="path">Must not exist; its directory is trusted and exists.</param>
    /// <exception cref="SyscallException">EEXIST, EPERM, ENOENT.</exception>
    public static void Pin(SafeHandle target, string path)
    {
        Openat2.Open(null, path, OpenFlags.O_RDONLY | OpenFlags.O_CREAT | OpenFlags.O_EXCL, ResolveFlags.None, 0x124).Dispose();
        try
        {
            Bind(target, path);
        }
        catch
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Takes the name away. What is gone already is success.</summary>
    public static void Unpin(string path)
    {
        const int detach = 2;
        const int noFollow = 8;
        fixed (byte* p = CString.Encode(path))
        {
            // Pins may be stacked when a crash fell between mount and record: take all of them.
            while (Libc.syscall(SyscallNumber.SYS_umount2, (nint)p, detach | noFollow, 0, 0, 0, 0) == 0)
            {
            }
        }

        Errno errno = (Errno)Marshal.GetLastPInvokeError();
        if (errno is not (Errno.EINVAL or Errno.ENOENT))
        {
            throw new SyscallException("umount2", path, errno);
        }

        File.Delete(path);
    }

    private static void Bind(SafeHandle target, string path)
    {
        const int bind = 0x1000;
        using FdLease lease = new(target);
        fixed (byte* source = CString.Encode($"/proc/thread-self/fd/{lease.Fd}"))
        fixed (byte* destination = CString.Encode(path))
        {
            if (Libc.syscall(SyscallNumber.SYS_mount, (nint)source, (nint)destination, 0, bind, 0, 0) < 0)
            {
                throw SyscallException.FromLastError("mount", path);
            }
        }
    }

    private static bool IsNetworkNamespace(SafeHandle fd)
    {
        using FdLease lease = new(fd);
        return Libc.ioctl(lease.Fd, NS_GET_NSTYPE, 0) == (int)CloneFlags.CLONE_NEWNET;
    }
}
