// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Network;

/// <summary>A way to connect pods: the embedded bridge, or CNI plugins.</summary>
/// <remarks>
/// Order of calls for a pod: <see cref="Reserve"/> names every resource and touches no kernel object; the caller puts
/// the record on disk; <see cref="AttachAsync"/> makes what the record names; the caller replaces the record with the
/// one in the attachment. <see cref="DetachAsync"/> undoes whatever is there, from any point of that way.
/// </remarks>
public interface IPodNetwork
{
    /// <summary>Names the resources of a pod and holds them: addresses, interface names, host ports, path of the namespace.</summary>
    /// <returns>What to put on disk before <see cref="AttachAsync"/>.</returns>
    /// <exception cref="NetworkException">The request is wrong, a port has another owner, a pool is used up, or no network is ready.</exception>
    PodNetworkRecord Reserve(PodNetworkRequest request);

    /// <summary>Makes the network namespace and all that <paramref name="reserved"/> names. On failure nothing stays but the reservation.</summary>
    /// <exception cref="NetworkException">The network could not be made; the message names the step.</exception>
    Task<PodAttachment> AttachAsync(PodNetworkRecord reserved, CancellationToken cancellationToken);

    /// <summary>Releases everything that the record names. What is gone already is success; may be repeated.</summary>
    /// <remarks>
    /// The caller lets go of the namespace (monitor, handles) before or soon after. An address is handed out again
    /// only when the pod's interface no longer exists.
    /// </remarks>
    /// <exception cref="NetworkException">Something could not be released (a plugin failed): call again later.</exception>
    Task DetachAsync(PodNetworkRecord record, CancellationToken cancellationToken);

    /// <summary>Whether an attached pod's network is still as it was made.</summary>
    /// <exception cref="NetworkException">It is not; the message says what differs.</exception>
    Task CheckAsync(PodNetworkRecord record, CancellationToken cancellationToken);

    /// <summary>The NetworkReady condition of CRI. Cheap: the kubelet asks every five seconds.</summary>
    Task<NetworkStatus> StatusAsync(CancellationToken cancellationToken);

    /// <summary>Once at start, before the first request: takes over the known pods and frees what belongs to none of them.</summary>
    /// <param name="known">Records of all pods that were not detached, of every kind of network.</param>
    Task RecoverAsync(IReadOnlyCollection<PodNetworkRecord> known, CancellationToken cancellationToken);

    /// <summary>The node's pod address ranges as CRI's UpdateRuntimeConfig gives them; pods that exist keep their addresses.</summary>
    /// <param name="podCidr">One or two prefixes, separated by a comma; empty changes nothing.</param>
    /// <exception cref="NetworkException"><see cref="NetworkError.InvalidArgument"/>.</exception>
    void UpdatePodCidr(string podCidr);

    /// <summary>Background work (links that outlive their pod, a firewall table that somebody flushed) until <paramref name="stopping"/>.</summary>
    Task RunAsync(CancellationToken stopping);
}
