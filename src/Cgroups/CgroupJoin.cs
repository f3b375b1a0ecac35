// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;

namespace Gantry.Cgroups;

/// <summary>Descriptors with which a new process enters a cgroup. The owner disposes them after the clone.</summary>
public sealed class CgroupJoin : IDisposable
{
    internal CgroupJoin(IReadOnlyList<OwnedFd> taskFiles, OwnedFd? unified)
    {
        TaskFiles = taskFiles;
        Unified = unified;
    }

    /// <summary>Write-only descriptors of <c>tasks</c>, one for each v1 hierarchy; empty on v2.</summary>
    /// <remarks>The child writes <c>0</c> to each while it has one thread.</remarks>
    public IReadOnlyList<OwnedFd> TaskFiles { get; }

    /// <summary>Directory in the v2 hierarchy for CLONE_INTO_CGROUP; <see langword="null"/> without one.</summary>
    public OwnedFd? Unified { get; }

    public void Dispose()
    {
        foreach (OwnedFd file in TaskFiles)
        {
            file.Dispose();
        }

        Unified?.Dispose();
    }
}
