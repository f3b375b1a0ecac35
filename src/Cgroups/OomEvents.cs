// SPDX-License-Identifier: Apache-2.0
using System.Runtime.InteropServices;

namespace Gantry.Cgroups;

/// <summary>Becomes readable when a cgroup ran out of memory or went away. Then <see cref="Drain"/> it and read the counter.</summary>
public sealed class OomEvents : IDisposable
{
    /// <summary>For poll(2) or epoll(7): readable.</summary>
    public SafeHandle Descriptor => throw new NotImplementedException();

    /// <summary>Takes what has been signalled, so that the descriptor sleeps until the next event.</summary>
    public void Drain() => throw new NotImplementedException();

    public void Dispose()
    {
    }
}
