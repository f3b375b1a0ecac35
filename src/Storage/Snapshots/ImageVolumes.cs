// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Storage.Snapshots;

/// <summary>Directories for the VOLUMEs that an image declares: <c>&lt;root&gt;/volumes/&lt;container&gt;/&lt;n&gt;</c>.</summary>
public sealed class ImageVolumes : IAsyncDisposable
{
    /// <param name="root">Absolute path of gantryd's durable directory.</param>
    public static ImageVolumes Open(string root) => throw new NotImplementedException();

    /// <summary>Makes the directory of a volume, 0755 and owned by root; again returns the same.</summary>
    /// <param name="index">Place of the volume in the container's list, 0 or more.</param>
    /// <returns>Absolute path.</returns>
    public string Create(string containerId, int index) => throw new NotImplementedException();

    /// <summary>Removes all volumes of a container; absent is success. The space comes back in the background.</summary>
    public void Remove(string containerId) => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
