// SPDX-License-Identifier: Apache-2.0
namespace Gantry.Network;

/// <summary>Traffic limits of a pod.</summary>
public sealed record PodBandwidth
{
    /// <summary>Towards the pod.</summary>
    /// <value>Bits per second; <see langword="null"/>: no limit.</value>
    public long? IngressBitsPerSecond { get; init; }

    /// <summary>From the pod.</summary>
    /// <value>Bits per second; <see langword="null"/>: no limit.</value>
    public long? EgressBitsPerSecond { get; init; }

    /// <summary>Reads <c>kubernetes.io/ingress-bandwidth</c> and <c>kubernetes.io/egress-bandwidth</c>.</summary>
    /// <returns><see langword="null"/> when neither is there.</returns>
    /// <exception cref="NetworkException"><see cref="NetworkError.InvalidArgument"/>: not a quantity from 1k to 1P.</exception>
    public static PodBandwidth? FromAnnotations(IReadOnlyDictionary<string, string> annotations) =>
        throw new NotImplementedException();
}
