// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using System.Text;
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Mounts;
using Gantry.Interop.Spawn;

namespace Gantry.Runtime.Launch;

/// <summary>What a pod's own namespaces shall be.</summary>
public sealed record PodNamespacesRequest
{
    /// <summary>The pod's network namespace; <see langword="null"/>: the host's. Stays the caller's.</summary>
    public SafeHandle? Network { get; init; }

    /// <summary>A UTS namespace with this name; <see langword="null"/>: the host's.</summary>
    public string? Hostname { get; init; }

    public bool OwnIpc { get; init; }

    /// <summary>Kernel parameters, dotted or slashed names; those of the new namespaces only.</summary>
    public IReadOnlyDictionary<string, string> Sysctls { get; init; } = new Dictionary<string, string>();

    /// <summary>Size of the shared memory file system in bytes; <see langword="null"/>: none.</summary>
    public long? ShmSize { get; init; }
}

/// <summary>The namespaces that the containers of a pod share, held open by descriptors.</summary>
public sealed class PodNamespaces : IDisposable
{
    private readonly OwnedFd? _ipc;
    private readonly OwnedFd? _uts;

    private PodNamespaces(SafeHandle? network, OwnedFd? ipc, OwnedFd? uts)
    {
        Network = network;
        _ipc = ipc;
        _uts = uts;
    }

    /// <summary>Borrowed from the request.</summary>
    public SafeHandle? Network { get; }

    public SafeHandle? Ipc => _ipc;

    public SafeHandle? Uts => _uts;

    /// <summary>PID namespace shared by the pod; set once the pod's init runs.</summary>
    public SafeHandle? Pid { get; set; }

    internal SharedMemory? Shm { get; private init; }

    /// <summary>Makes the namespaces on a thread of their own.</summary>
    /// <exception cref="LaunchException">A sysctl that does not exist or does not belong to these namespaces.</exception>
    public static PodNamespaces Create(PodNamespacesRequest request)
    {
        SysctlWriter.Check(request.Sysctls, request.Network is not null, request.OwnIpc, request.Hostname is not null);
        (OwnedFd? ipc, OwnedFd? uts) = ThrowawayThread.Run(() => CreateOnThread(request));
        return new PodNamespaces(request.Network, ipc, uts)
        {
            Shm = request.ShmSize is long size ? SharedMemory.Create(size) : null,
        };
    }

    public void Dispose()
    {
        _ipc?.Dispose();
        _uts?.Dispose();
        Pid?.Dispose();
        Shm?.Dispose();
    }

    private static (OwnedFd? Ipc, OwnedFd? Uts) CreateOnThread(PodNamespacesRequest request)
    {
        CloneFlags flags = (request.OwnIpc ? CloneFlags.CLONE_NEWIPC : 0) | (request.Hostname is not null ? CloneFlags.CLONE_NEWUTS : 0);
        if (request.Network is not null)
        {
            ThreadNamespaces.Join(request.Network, CloneFlags.CLONE_NEWNET);
        }

        if (flags != 0)
        {
            ThreadNamespaces.Unshare(flags);
        }

        if (request.Hostname is not null)
        {
            ThreadNamespaces.SetHostname(request.Hostname);
        }

        SysctlWriter.Write(request.Sysctls);
        return (request.OwnIpc ? ThreadNamespaces.OpenOwn("ipc") : null, request.Hostname is not null ? ThreadNamespaces.OpenOwn("uts") : null);
    }
}
