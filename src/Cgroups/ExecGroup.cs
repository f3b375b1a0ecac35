// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Runtime.InteropServices;
using Gantry.Interop;
using Gantry.Interop.Control;
using Gantry.Interop.Processes;

namespace Gantry.Cgroups;

/// <summary>A v2 group below a container's for one exec, so that all it started can be killed, whoever its parent is by then.</summary>
/// <remarks>
/// It has no controllers: limits stay the container's. In v1 hierarchies the exec is in the container's own groups, since a
/// group below would escape limits there (blkio; memory before 5.11).
/// </remarks>
public sealed class ExecGroup : IDisposable
{
    private const int MaxRounds = 100;
    private readonly ControlDirectory _parent;
    private readonly ControlDirectory _directory;
    private readonly string _name;

    private ExecGroup(ControlDirectory parent, ControlDirectory directory, string name)
    {
        _parent = parent;
        _directory = directory;
        _name = name;
    }

    /// <summary>Where the process is born: for CLONE_INTO_CGROUP.</summary>
    public SafeHandle Directory => _directory.Handle;

    /// <param name="name">One name, unique in the container.</param>
    /// <returns><see langword="null"/>: the node has no v2 hierarchy.</returns>
    public static ExecGroup? TryCreate(Cgroup container, string name)
    {
        if (container.Unified?.TryOpenDirectory(".") is not { } parent)
        {
            return null;
        }

        try
        {
            parent.MakeDirectory(name);
            ControlDirectory directory = parent.TryOpenDirectory(name)
                ?? throw new SyscallException("openat2", $"{container.Path}/{name}", Errno.ENOENT);
            return new ExecGroup(parent, directory, name);
        }
        catch
        {
            parent.Dispose();
            throw;
        }
    }

    /// <summary>Sends SIGKILL to every process in it, and does not wait for their end.</summary>
    public void Kill()
    {
        if (_directory.TryWrite("cgroup.kill", "1") == Errno.None)
        {
            return; // Linux 5.14
        }

        for (int round = 0; round < MaxRounds; round++)
        {
            string[] pids = (_directory.TryRead("cgroup.procs") ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries);
            if (pids.Length == 0)
            {
                return;
            }

            Array.ForEach(pids, static pid => ProcessSignals.Kill(int.Parse(pid, CultureInfo.InvariantCulture), Signal.SIGKILL));
        }
    }

    /// <returns><see langword="false"/>: a process that it left behind lives in it.</returns>
    public bool TryRemove() => _parent.TryRemoveDirectory(_name) is Errno.None or Errno.ENOENT;

    public void Dispose()
    {
        _directory.Dispose();
        _parent.Dispose();
    }
}
