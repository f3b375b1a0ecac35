// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;
using Gantry.Cgroups;
using Gantry.MonitorApi;
using Gantry.MonitorApi.Client;
using Gantry.Oci.Runtime;
using OciProcess = Gantry.Oci.Runtime.Process;

namespace Gantry.Monitor.Tests.Pods;

/// <summary>A pod with its real monitor, as gantryd would have it; nothing is left of it after disposal.</summary>
internal sealed class TestPod : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private int _containers;

    public TestPod()
    {
        Directory = System.IO.Directory.CreateTempSubdirectory("gantry-pod-").FullName;
        Launcher = new MonitorLauncher(Loop, Program, []);
        foreach (string name in (string[])["image/bin", "image/etc", "image/tmp", "logs"])
        {
            System.IO.Directory.CreateDirectory(Path.Combine(Directory, name));
        }

        File.Copy("/usr/bin/busybox", Path.Combine(Directory, "image/bin/busybox"));
        foreach (string applet in (string[])["sh", "cat", "id", "true", "false", "sleep", "echo", "yes", "head", "tail", "dd", "kill", "ps", "seq", "setsid", "test", "awk", "ls", "chmod"])
        {
            File.CreateSymbolicLink(Path.Combine(Directory, $"image/bin/{applet}"), "busybox");
        }
    }

    /// <summary>The NativeAOT program: GANTRY_MONITOR, or what <c>make programs</c> published.</summary>
    public static string? Published { get; } = Environment.GetEnvironmentVariable("GANTRY_MONITOR") ?? FindPublished();

    /// <summary>The program under test: the published one, or the one built with the tests.</summary>
    public static string Program { get; } = Published ?? Path.Combine(AppContext.BaseDirectory, "gantry-monitor");

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public string Directory { get; }

    public string CgroupPath { get; } = $"/gantry-test-{Guid.NewGuid():N}";

    public MonitorLoop Loop { get; } = new();

    public MonitorLauncher Launcher { get; }

    public MonitorClient Client { get; set; } = null!;

    /// <summary>Events in the order in which they came.</summary>
    public List<MonitorEvent> Seen { get; } = [];

    public static async Task<TestPod> StartAsync(NamespaceSource pid = NamespaceSource.Container)
    {
        TestPod pod = new();
        pod.Client = await pod.Launcher.StartAsync(pod.Directory, Token).WaitAsync(s_patience, Token);
        await pod.ConfigureAsync(pid);
        return pod;
    }

    public Task ConfigureAsync(NamespaceSource pid) => Client.ConfigureAsync(
        new ConfigurePod { PodId = "test", Hostname = "", HostNetwork = true, Ipc = NamespaceSource.Node, Pid = pid, CgroupPath = CgroupPath }, null, Token);

    /// <summary>Makes a container of busybox that runs a shell script.</summary>
    public async Task<string> CreateAsync(string script, LinuxResources? resources = null, bool terminal = false, bool hostPid = false, string? user = null)
    {
        string id = $"c{_containers++}";
        foreach (string name in (string[])["upper", "work"])
        {
            System.IO.Directory.CreateDirectory(Path.Combine(Directory, id, name));
        }

        await Client.CreateAsync(
            new CreateContainer
            {
                ContainerId = id,
                Spec = JsonSerializer.SerializeToElement(Spec(script, resources, terminal, hostPid), RuntimeSpecJson.Default.Spec),
                Rootfs = new RootfsLayers
                {
                    Lower = [Path.Combine(Directory, "image")],
                    Upper = Path.Combine(Directory, id, "upper"),
                    Work = Path.Combine(Directory, id, "work"),
                },
                User = new ProcessUser { Name = user },
                LogPath = LogPath(id),
                LogRoot = Directory,
            },
            Token).WaitAsync(s_patience, Token);
        return id;
    }

    public async Task<string> RunAsync(string script, LinuxResources? resources = null, bool terminal = false, bool hostPid = false)
    {
        string id = await CreateAsync(script, resources, terminal, hostPid);
        await Client.StartAsync(id, Token).WaitAsync(s_patience, Token);
        return id;
    }

    public string LogPath(string id) => Path.Combine(Directory, "logs", $"{id}.log");

    /// <summary>Tag and text of each record, without the time.</summary>
    public string[] Log(string id) => [.. File.ReadAllText(LogPath(id)).Split('\n')[..^1].Select(static line => line[(line.IndexOf(' ') + 1)..])];

    /// <summary>Reads events until a container has ended.</summary>
    public async Task<ContainerExit> ExitOfAsync(string id)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(s_patience);
        await foreach (MonitorEvent next in Client.Events.WithCancellation(patience.Token))
        {
            Seen.Add(next);
            if (next is MonitorEvent.ContainerExited { Exit: var exit } && exit.ContainerId == id)
            {
                return exit;
            }
        }

        throw new InvalidOperationException("the monitor is gone");
    }

    /// <summary>Waits for what no event announces to a test.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(s_patience);
        while (!await condition())
        {
            await Task.Delay(5, patience.Token);
        }
    }

    public Task<ExecOutput> ExecAsync(string id, string execId, TimeSpan? timeout, params string[] args) => Client.ExecSyncAsync(
        new ExecProcess { ContainerId = id, ExecId = execId, Args = args }, timeout, Token).WaitAsync(s_patience, Token);

    public async ValueTask DisposeAsync()
    {
        if (Client is not null && !Client.Disconnected.IsCompleted)
        {
            await Client.ShutdownAsync(CancellationToken.None).WaitAsync(s_patience, CancellationToken.None);
        }

        Client?.Dispose();
        Loop.Dispose();
        using (CgroupHierarchies hierarchies = CgroupHierarchies.Detect())
        {
            Cgroup.Delete(hierarchies, CgroupPath, TimeSpan.FromSeconds(10));
        }

        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static string? FindPublished()
    {
        string path = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../gantry/bin/gantry-monitor"));
        return File.Exists(path) ? path : null;
    }

    private static Spec Spec(string script, LinuxResources? resources, bool terminal, bool hostPid) => new()
    {
        OciVersion = "1.2.0",
        Process = new OciProcess
        {
            Args = ["sh", "-c", script], Cwd = "/", Env = ["PATH=/bin"], Terminal = terminal, Capabilities = new LinuxCapabilities(),
        },
        Root = new Root { Path = "rootfs" },
        Mounts =
        [
            new Mount { Destination = "/proc", Type = "proc", Source = "proc", Options = ["nosuid", "noexec", "nodev"] },
            new Mount { Destination = "/dev", Type = "tmpfs", Source = "tmpfs", Options = ["nosuid", "mode=755", "size=65536k"] },
            new Mount { Destination = "/dev/pts", Type = "devpts", Source = "devpts", Options = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"] },
        ],
        Linux = new Linux
        {
            Resources = resources,
            Namespaces = [.. ((string[])["mount", .. hostPid ? Array.Empty<string>() : ["pid"]]).Select(static type => new LinuxNamespace { Type = type })],
        },
    };
}
