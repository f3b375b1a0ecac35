// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Interop;

/// <summary>A file descriptor that this process owns and closes exactly once.</summary>
/// <remarks>For kernel objects that are not byte streams: pidfds, namespace fds, mount fds, O_PATH fds, cgroup directories.</remarks>
public sealed class OwnedFd : SafeHandle
{
    /// <summary>Takes ownership of <paramref name="fd"/>. The caller must not close it.</summary>
    /// <param name="fd">An open descriptor, zero or greater.</param>
    public OwnedFd(int fd)
        : base(invalidHandleValue: -1, ownsHandle: true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fd);
        SetHandle(fd);
    }

    public override bool IsInvalid => handle < 0;

    // close(2) releases the descriptor even when it reports EINTR or EIO, so the result is not retried.
    protected override bool ReleaseHandle() => Libc.close((int)handle) == 0;
}
