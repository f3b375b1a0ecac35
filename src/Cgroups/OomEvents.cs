// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Runtime.InteropServices;
using Gantry.Interop;
using Gantry.Interop.Control;
using Gantry.Interop.Files;

namespace Gantry.Cgroups;

/// <summary>Becomes readable when a cgroup ran out of memory. Then <see cref="Drain"/> it and read the counter.</summary>
/// <remarks>
/// On v1 the kernel signals before it kills, so the counter may grow a moment later: compare it once more when a process has
/// ended; removing the cgroup signals too. On v2 any line of <c>memory.events</c> signals, and removal does not (seen on 6.18).
/// </remarks>
public sealed class OomEvents : IDisposable
{
    private readonly OwnedFd _descriptor;

    private OomEvents(OwnedFd descriptor) => _descriptor = descriptor;

    /// <summary>For poll(2) or epoll(7): readable. Non-blocking and owned by this object.</summary>
    public SafeHandle Descriptor => _descriptor;

    /// <summary>Takes what has been signalled, so that the descriptor sleeps until the next event.</summary>
    /// <returns><see langword="true"/>: something had been signalled.</returns>
    public bool Drain() => ChangeNotice.Drain(_descriptor);

    public void Dispose() => _descriptor.Dispose();

    /// <exception cref="CgroupException">The node has no memory controller here.</exception>
    internal static OomEvents Open(Cgroup cgroup)
    {
        ControlDirectory directory = cgroup.DirectoryOf("memory")
            ?? throw new CgroupException("memory", cgroup.Path, "this node mounts no memory controller");
        return new OomEvents(
            cgroup.Layout == CgroupLayout.Unified ? ChangeNotice.OpenWatch(directory, "memory.events") : OpenV1(directory));
    }

    // cgroup-v1/memory.rst, "OOM Control": the event counter, then the file that it is about.
    private static OwnedFd OpenV1(ControlDirectory directory)
    {
        OwnedFd counter = ChangeNotice.OpenCounter();
        try
        {
            using OwnedFd control = directory.OpenFile("memory.oom_control", OpenFlags.O_RDONLY);
            directory.Write("cgroup.event_control", string.Create(
                CultureInfo.InvariantCulture, $"{counter.DangerousGetHandle()} {control.DangerousGetHandle()}"));
            return counter;
        }
        catch
        {
            counter.Dispose();
            throw;
        }
    }
}
