// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Images.Unpack;

/// <summary>Unpacks one layer into a directory in overlayfs form.</summary>
public static class LayerUnpacker
{
    /// <summary>Reads <paramref name="tar"/> to its very end (so that a hash on the way sees all of it) and unpacks it.</summary>
    /// <param name="tar">The uncompressed archive. Read synchronously on a thread of its own; not disposed.</param>
    /// <param name="target">An empty directory (O_PATH is enough) that nobody else knows. On failure it holds a part: remove it.</param>
    /// <exception cref="LayerException">The archive is refused.</exception>
    /// <exception cref="Gantry.Interop.SyscallException">The host failed: ENOSPC, EDQUOT, EIO.</exception>
    public static Task<UnpackResult> UnpackAsync(
        Stream tar, SafeHandle target, UnpackLimits limits, CancellationToken cancellationToken) =>
        throw new NotImplementedException();
}
