// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;
using Gantry.Cgroups;
using Gantry.Cgroups.Devices;
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Mounts;
using Gantry.Interop.Processes;
using Gantry.Interop.Sockets;
using Gantry.Oci.Runtime;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Runtime.Launch;

/// <summary>A directory with config.json and a rootfs, as the OCI runtime specification has it (bundle.md).</summary>
public sealed class Bundle
{
    private const int MaxConfigBytes = 16 << 20;
    private readonly string _directory;

    private Bundle(string directory, Spec spec)
    {
        _directory = directory;
        Spec = spec;
    }

    public Spec Spec { get; }

    /// <exception cref="LaunchException">No config.json, or one that is not valid; the message has the JSON path.</exception>
    public static Bundle Load(string directory)
    {
        string full = Path.GetFullPath(directory);
        try
        {
            using RootDirectory root = RootDirectory.Open(full);
            byte[] json = root.ReadFile("config.json", MaxConfigBytes);
            Spec spec = JsonSerializer.Deserialize(json, RuntimeSpecJson.Default.Spec)
                ?? throw LaunchException.Field("config.json", "null", "an object");
            return new Bundle(full, spec);
        }
        catch (JsonException e)
        {
            throw new LaunchException($"{full}/config.json: {e.Path}: {e.Message}", 128, e);
        }
        catch (Exception e) when (e is SyscallException or FileRefusedException)
        {
            throw new LaunchException($"bundle {full}: {e.Message}", 128, e);
        }
    }

    /// <summary>The list of system calls of its start, one a line.</summary>
    public IReadOnlyList<string> Explain()
    {
        using RootDirectory rootfs = OpenRootfs();
        using LaunchNamespace from = LaunchNamespace.Create();
        using SafeFileHandle nothing = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite);
        return ContainerLauncher.Explain(Request(rootfs, from, null, nothing, nothing, nothing));
    }

    /// <summary>Runs the bundle's process with the caller's own descriptors 0, 1 and 2 until it ends.</summary>
    /// <param name="cgroupPath">Absolute below each hierarchy; made, and removed at the end.</param>
    /// <returns>The exit code as a shell has it.</returns>
    /// <exception cref="LaunchException">Nothing ran.</exception>
    public int Run(string cgroupPath)
    {
        if (Spec.Process?.Terminal == true)
        {
            throw LaunchException.Field("process.terminal", "true", "false: run does not relay a terminal yet");
        }

        using CgroupHierarchies hierarchies = CgroupHierarchies.Detect();
        using Cgroup cgroup = Cgroup.Create(hierarchies, Spec.Linux?.CgroupsPath is { Length: > 0 } path && path.StartsWith('/') ? path : cgroupPath);
        try
        {
            LinuxResources resources = Spec.Linux?.Resources ?? new LinuxResources();
            // Without these a specification that denies all devices, as runc's template does, would deny /dev/null too.
            cgroup.Apply(resources with { Devices = [.. resources.Devices ?? [], .. resources.Devices is null ? [] : StandardDevices.Rules] });
            return RunIn(cgroup);
        }
        finally
        {
            cgroup.KillAll(TimeSpan.FromSeconds(10));
            Cgroup.Delete(hierarchies, cgroup.Path, TimeSpan.FromSeconds(10));
        }
    }

    private int RunIn(Cgroup cgroup)
    {
        using RootDirectory rootfs = OpenRootfs();
        using LaunchNamespace from = LaunchNamespace.Create();
        using OwnedFd input = OpenFile.DuplicateAbove(0);
        using OwnedFd output = OpenFile.DuplicateAbove(1);
        using OwnedFd error = OpenFile.DuplicateAbove(2);
        using LaunchedProcess process = ContainerLauncher.Start(Request(rootfs, from, cgroup, input, output, error));
        Pidfd.WaitForExit(process.Pidfd, Timeout.InfiniteTimeSpan);
        return Pidfd.TryReap(process.Pidfd)?.ExitCode ?? 255;
    }

    private LaunchRequest Request(
        RootDirectory rootfs, LaunchNamespace from, Cgroup? cgroup, System.Runtime.InteropServices.SafeHandle input,
        System.Runtime.InteropServices.SafeHandle output, System.Runtime.InteropServices.SafeHandle error) => new()
    {
        Spec = Spec, Rootfs = rootfs, From = from, Cgroup = cgroup,
        Stdio = new ProcessStdio { Input = input, Output = output, Error = error },
    };

    /// <summary>A private copy of the mount that holds the rootfs: what the container does to it stays in its namespace.</summary>
    private RootDirectory OpenRootfs()
    {
        string path = Spec.Root?.Path ?? throw LaunchException.Field("root", "missing", "the root file system");
        OwnedFd tree = MountApi.CloneTree(null, Path.Combine(_directory, path), recursive: true);
        MountApi.SetAttributes(tree, new MountAttr { Propagation = (ulong)MountPropagation.Private }, recursive: true, path);
        return new RootDirectory(tree);
    }
}
