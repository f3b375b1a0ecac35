// SPDX-License-Identifier: Apache-2.0
using Gantry.Cgroups;
using Gantry.Interop;
using Gantry.MonitorApi;
using Gantry.Runtime.Launch;

namespace Gantry.Monitor.Pods;

/// <summary>What a configured pod holds: namespaces by descriptor, and where its containers are cloned from.</summary>
internal sealed class PodResources : IDisposable
{
    private const long ShmSize = 64 << 20; // docs/processes.md, gantry:shm
    private readonly OwnedFd? _network;

    private PodResources(ConfigurePod pod, OwnedFd? network, PodNamespaces namespaces, CgroupHierarchies hierarchies, LaunchNamespace launchFrom)
    {
        Pod = pod;
        _network = network;
        Namespaces = namespaces;
        Hierarchies = hierarchies;
        LaunchFrom = launchFrom;
    }

    internal ConfigurePod Pod { get; }

    internal PodNamespaces Namespaces { get; }

    internal CgroupHierarchies Hierarchies { get; }

    internal LaunchNamespace LaunchFrom { get; }

    /// <param name="network">Owned from now on, also on failure.</param>
    internal static PodResources Make(ConfigurePod pod, OwnedFd? network)
    {
        PodNamespaces? namespaces = null;
        CgroupHierarchies? hierarchies = null;
        try
        {
            namespaces = PodNamespaces.Create(new PodNamespacesRequest
            {
                Network = network,
                Hostname = pod.Hostname.Length == 0 ? null : pod.Hostname,
                OwnIpc = pod.Ipc == NamespaceSource.Pod,
                Sysctls = pod.Sysctls,
                ShmSize = pod.Ipc == NamespaceSource.Pod ? ShmSize : null,
            });
            hierarchies = CgroupHierarchies.Detect();
            return new PodResources(pod, network, namespaces, hierarchies, LaunchNamespace.Create());
        }
        catch
        {
            hierarchies?.Dispose();
            namespaces?.Dispose();
            network?.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        LaunchFrom.Dispose();
        Hierarchies.Dispose();
        Namespaces.Dispose();
        _network?.Dispose();
    }
}
