// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;
using Gantry.Oci.Image;

namespace Gantry.Storage.Snapshots;

/// <summary>A container's root file system as data: what to give to an overlay mount.</summary>
/// <param name="Lower">Absolute paths of the layers, topmost first (the order of <c>lowerdir+</c>).</param>
/// <param name="Upper">Absolute path of the writable layer.</param>
/// <param name="Work">Absolute path of overlayfs's own directory, on the same file system.</param>
public sealed record Snapshot(IReadOnlyList<string> Lower, string Upper, string Work);

/// <summary>Space that a writable layer takes.</summary>
/// <param name="Bytes">Allocated bytes.</param>
/// <param name="Inodes">Files, directories and links, the layer's own directory included.</param>
public readonly record struct SnapshotUsage(long Bytes, long Inodes);

/// <summary>Unpacked layers and containers' writable layers under <c>&lt;root&gt;/snapshots</c>.</summary>
public sealed class SnapshotStore : IAsyncDisposable
{
    /// <summary>Opens or makes the store, and removes what a crash left in staging and trash.</summary>
    /// <param name="root">Absolute path of gantryd's durable directory, such as /var/lib/gantry.</param>
    public static SnapshotStore Open(string root) => throw new NotImplementedException();

    /// <summary>Is the layer with this chain id there, complete?</summary>
    public bool HasLayer(Digest chainId) => throw new NotImplementedException();

    /// <summary>A new empty directory to unpack a layer into.</summary>
    public LayerStaging StageLayer(Digest chainId) => throw new NotImplementedException();

    /// <summary>Chain ids of all layers.</summary>
    public IReadOnlyList<Digest> Layers() => throw new NotImplementedException();

    /// <summary>Removes a layer; absent is success. The caller knows that nobody uses it (<see cref="UsedLayers"/>).</summary>
    public void RemoveLayer(Digest chainId) => throw new NotImplementedException();

    /// <summary>Makes the writable layer of a container; again with the same layers returns the same.</summary>
    /// <param name="containerId">1 to 64 letters, digits, <c>_</c>, <c>-</c> or <c>.</c>.</param>
    /// <param name="chainIds">Chain ids of the image's layers, base first, as in the image's configuration.</param>
    public Snapshot Prepare(string containerId, IReadOnlyList<Digest> chainIds) => throw new NotImplementedException();

    /// <returns><see langword="null"/> when the container has no snapshot.</returns>
    public Snapshot? Find(string containerId) => throw new NotImplementedException();

    /// <summary>Ids of the containers that have a snapshot.</summary>
    public IReadOnlyList<string> Containers() => throw new NotImplementedException();

    /// <summary>Removes a container's writable layer; absent is success. The space comes back in the background.</summary>
    public void Remove(string containerId) => throw new NotImplementedException();

    /// <summary>Counts the writable layer now: a walk over its files.</summary>
    public SnapshotUsage Usage(string containerId, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Chain ids that containers use: garbage collection keeps these.</summary>
    public IReadOnlySet<Digest> UsedLayers() => throw new NotImplementedException();

    /// <summary>Puts all committed layers on disk (syncfs): once per pull, before the image's record is written.</summary>
    public void Sync() => throw new NotImplementedException();

    /// <summary>Waits until everything removed so far is deleted.</summary>
    public Task EmptyTrashAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}

/// <summary>A layer being unpacked. Disposed without <see cref="Commit"/> it is removed.</summary>
public sealed class LayerStaging : IDisposable
{
    /// <summary>Where to unpack. Owned by this object.</summary>
    public SafeHandle Directory => throw new NotImplementedException();

    /// <summary>Makes the layer visible by one rename. A layer of the same chain id that came first is kept instead.</summary>
    public void Commit() => throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();
}
