// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Network;

/// <summary>An attached pod. Disposing closes this process's descriptor of the namespace, nothing else.</summary>
public sealed class PodAttachment(SafeHandle networkNamespace, PodNetworkRecord record) : IDisposable
{
    /// <summary>The network namespace; hand it to the monitor, then dispose the attachment. Owned by this object.</summary>
    public SafeHandle Namespace { get; } = networkNamespace;

    /// <summary>The reserved record plus what is known now; replaces the reserved one on disk.</summary>
    public PodNetworkRecord Record { get; } = record;

    public void Dispose() => Namespace.Dispose();
}
