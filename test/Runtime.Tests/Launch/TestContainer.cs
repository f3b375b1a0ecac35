// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Gantry.Interop;
using Gantry.Interop.Files;
using Gantry.Interop.Processes;
using Gantry.Interop.Sockets;
using Gantry.Oci.Runtime;
using Gantry.Runtime.Launch;
using Gantry.Runtime.Rootfs;
using Microsoft.Win32.SafeHandles;
using OciProcess = Gantry.Oci.Runtime.Process;

namespace Gantry.Runtime.Tests.Launch;

/// <summary>Output and end of a container.</summary>
internal sealed record RunResult(int ExitCode, string Output, IReadOnlyList<string> Warnings);

/// <summary>A real container on an overlay of busybox-static; everything it made is gone after Dispose.</summary>
internal sealed class TestContainer : IDisposable
{
    private static readonly Lazy<LaunchNamespace> s_namespace = new(LaunchNamespace.Create);
    private readonly string _directory = Directory.CreateTempSubdirectory("gantry-launch-").FullName;
    private readonly Lazy<OverlayRootfs> _rootfs;

    public TestContainer()
    {
        foreach (string name in (string[])["lower/bin", "lower/etc", "lower/tmp", "upper", "work", "host"])
        {
            Directory.CreateDirectory(Path.Combine(_directory, name));
        }

        File.Copy("/usr/bin/busybox", Lower("bin/busybox"));
        foreach (string applet in (string[])["sh", "cat", "ls", "id", "true", "stat", "mount", "touch", "readlink", "grep", "sleep", "pwd", "hostname", "test", "echo", "tty", "mkdir"])
        {
            File.CreateSymbolicLink(Lower($"bin/{applet}"), "busybox");
        }

        _rootfs = new Lazy<OverlayRootfs>(() =>
            OverlayRootfs.Mount([Lower("")], Path.Combine(_directory, "upper"), Path.Combine(_directory, "work")));
    }

    public static LaunchNamespace From => s_namespace.Value;

    /// <summary>A host directory that tests bind.</summary>
    public string Host => Path.Combine(_directory, "host");

    public RootDirectory Rootfs => _rootfs.Value.Root;

    public string Lower(string path) => Path.Combine(_directory, "lower", path);

    public static Spec Spec(params string[] args) => new()
    {
        OciVersion = "1.2.0",
        Process = new OciProcess { Args = args, Cwd = "/", Env = ["PATH=/bin"], Capabilities = new LinuxCapabilities() },
        Root = new Root { Path = "rootfs" },
        Mounts =
        [
            new Mount { Destination = "/proc", Type = "proc", Source = "proc", Options = ["nosuid", "noexec", "nodev"] },
            new Mount { Destination = "/dev", Type = "tmpfs", Source = "tmpfs", Options = ["nosuid", "strictatime", "mode=755", "size=65536k"] },
            new Mount { Destination = "/dev/pts", Type = "devpts", Source = "devpts", Options = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"] },
            new Mount { Destination = "/dev/shm", Type = "tmpfs", Source = "shm", Options = ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"] },
            new Mount { Destination = "/dev/mqueue", Type = "mqueue", Source = "mqueue", Options = ["nosuid", "noexec", "nodev"] },
            new Mount { Destination = "/sys", Type = "sysfs", Source = "sysfs", Options = ["nosuid", "noexec", "nodev", "ro"] },
        ],
        Linux = new Linux
        {
            Namespaces = [.. ((string[])["mount", "pid", "network", "ipc", "uts", "cgroup"]).Select(static type => new LinuxNamespace { Type = type })],
            MaskedPaths = ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/scsi", "/sys/firmware", "/proc/nonexistent"],
            ReadonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
        },
    };

    /// <summary>Runs to the end and returns what it printed.</summary>
    public RunResult Run(Spec spec, PodNamespaces? pod = null)
    {
        (SafeFileHandle reader, SafeFileHandle writer) = Pipe.Create();
        using SafeFileHandle output = reader;
        using SafeFileHandle input = File.OpenHandle("/dev/null");
        LaunchedProcess process;
        using (writer)
        {
            process = ContainerLauncher.Start(new LaunchRequest
            {
                Spec = spec, Rootfs = Rootfs, From = From, Pod = pod,
                Stdio = new ProcessStdio { Input = input, Output = writer, Error = writer },
            });
        }

        using (process)
        {
            string text = Read(process.TerminalMaster ?? output);
            Assert.True(Pidfd.WaitForExit(process.Pidfd, TimeSpan.FromSeconds(30)));
            return new RunResult(Pidfd.TryReap(process.Pidfd)!.Value.ExitCode, text, process.Warnings);
        }
    }

    /// <summary>Reads to the end; a terminal ends with EIO.</summary>
    public static string Read(SafeFileHandle from)
    {
        List<byte> all = [];
        byte[] buffer = new byte[4096];
        try
        {
            for (int n = OpenFile.Read(from, buffer); n > 0; n = OpenFile.Read(from, buffer))
            {
                all.AddRange(buffer.AsSpan(0, n));
            }
        }
        catch (SyscallException e) when (e.Errno == Errno.EIO)
        {
        }

        return Encoding.UTF8.GetString([.. all]);
    }

    public void Dispose()
    {
        if (_rootfs.IsValueCreated)
        {
            _rootfs.Value.Dispose();
        }

        Directory.Delete(_directory, recursive: true);
    }
}
