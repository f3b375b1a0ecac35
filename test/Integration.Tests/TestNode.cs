// SPDX-License-Identifier: Apache-2.0
using Gantry.Cgroups;
using Gantry.Engine;
using Gantry.Engine.Containers;
using Gantry.Engine.Images;
using Gantry.Engine.Pods;
using Gantry.Images;
using Gantry.Interop;
using Gantry.Interop.Namespaces;
using Gantry.Interop.Netlink;
using Gantry.Kit;
using Gantry.Kit.Images;
using Gantry.Kit.Registry;
using Gantry.MonitorApi.Client;
using Gantry.Network;
using Gantry.Storage.Snapshots;

namespace Gantry.Integration.Tests;

/// <summary>
/// A node as gantryd makes it, with real monitors, images, cgroups and pods. Its network is a namespace of its own, everything
/// else carries names that nobody else has.
/// </summary>
internal sealed class TestNode : IAsyncDisposable
{
    private readonly TempRoot _directory = new();
    private readonly string _cgroupParent = "/gantry-test-" + Guid.NewGuid().ToString("N");
    private readonly CgroupHierarchies _cgroups = CgroupHierarchies.Detect();
    private readonly MonitorLoop _loop = new();
    private readonly ScriptedServer _registry = new(ScriptedServer.Serving(BusyboxImage.Build()));
    private readonly OwnedFd _network;
    private readonly RouteSocket _routes;
    private readonly string[] _mountsBefore = Mounts();
    private NetworkSelector _selector = null!;
    private SnapshotStore _snapshots = null!;
    private ImageVolumes _volumes = null!;
    private ImageService _images = null!;

    private TestNode() => (_network, _routes) = NetworkNamespace.Create(() =>
    {
        RouteSocket routes = RouteSocket.Open();
        routes.Execute(new RouteBatch().SetUp("lo"));
        return routes;
    });

    internal static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The program under test: GANTRY_MONITOR (a published one), or the one built with the tests.</summary>
    internal static string MonitorProgram { get; } =
        Environment.GetEnvironmentVariable("GANTRY_MONITOR") ?? Path.Combine(AppContext.BaseDirectory, "gantry-monitor");

    internal static bool Published => Environment.GetEnvironmentVariable("GANTRY_MONITOR") is not null;

    internal GantryEngine Engine { get; private set; } = null!;

    internal string Image { get; private set; } = "";

    internal string Root => _directory["lib"];

    internal string State => _directory["run"];

    internal string Logs => _directory["logs"];

    internal static async Task<TestNode> StartAsync()
    {
        Assert.SkipUnless(BusyboxImage.Available, $"{BusyboxImage.Source} is missing (Debian's busybox-static)");
        var node = new TestNode();
        Directory.CreateDirectory(node.Root);
        Directory.CreateDirectory(node.State);
        Directory.CreateDirectory(node.Logs);
        await node.OpenAsync();
        var spec = new ImageSpec { Image = $"{node._registry.Host}/busybox:1" };
        node.Image = await node.Engine.Images.PullAsync(spec, null, null, Token);
        return node;
    }

    /// <summary>gantryd ends, and comes again on the same directories.</summary>
    /// <param name="whileDown">What happens when no gantryd is there.</param>
    internal async Task RestartAsync(Func<Task>? whileDown = null)
    {
        await CloseAsync();
        if (whileDown is not null)
        {
            await whileDown();
        }

        await OpenAsync();
    }

    internal async Task<string> RunPodAsync(Func<PodConfig, PodConfig>? change = null)
    {
        string name = "pod-" + Guid.NewGuid().ToString("N")[..8];
        Directory.CreateDirectory(Path.Combine(Logs, name));
        var config = new PodConfig
        {
            Metadata = new PodMetadata(name, "uid-" + name, "default", 0),
            Hostname = name,
            LogDirectory = Path.Combine(Logs, name),
            Security = new PodSecurity { Namespaces = new NamespaceOptions { Pid = NamespaceMode.Container } },
        };
        return await Engine.Pods.RunAsync(change?.Invoke(config) ?? config, "", Token);
    }

    internal Task<string> CreateAsync(string pod, string script, Func<ContainerConfig, ContainerConfig>? change = null)
    {
        string name = "c-" + Guid.NewGuid().ToString("N")[..8];
        var config = new ContainerConfig
        {
            Metadata = new ContainerMetadata(name, 0),
            Image = new ImageSpec { Image = Image },
            Command = ["sh", "-c", script],
            LogPath = name + ".log",
            Security = new ContainerSecurity
            {
                Namespaces = new NamespaceOptions { Pid = NamespaceMode.Container },
                Seccomp = new SecurityProfile(SecurityProfileType.RuntimeDefault),
            },
        };
        return Engine.Containers.CreateAsync(pod, change?.Invoke(config) ?? config, Token);
    }

    internal async Task<string> StartContainerAsync(string pod, string script, Func<ContainerConfig, ContainerConfig>? change = null)
    {
        string id = await CreateAsync(pod, script, change);
        await Engine.Containers.StartAsync(id, Token);
        return id;
    }

    /// <summary>Stdout of a command in a container that must succeed.</summary>
    internal async Task<string> ExecAsync(string container, string script)
    {
        Engine.Exec.ExecResult result = await Engine.Containers.ExecSyncAsync(
            container, ["sh", "-c", script], TimeSpan.FromSeconds(60), Token);
        Assert.True(result.ExitCode == 0, $"'{script}' ended with {result.ExitCode}: {Text(result.Stdout)}{Text(result.Stderr)}");
        return Text(result.Stdout);
    }

    internal static string Text(ReadOnlyMemory<byte> bytes) => System.Text.Encoding.UTF8.GetString(bytes.Span);

    internal async Task<ContainerStatus> ExitOfAsync(string container)
    {
        await EventuallyAsync(() => Engine.Containers.Status(container).State == ContainerState.Exited);
        return Engine.Containers.Status(container).Status;
    }

    /// <summary>The text that a container wrote, without times and tags.</summary>
    internal string Log(string container)
    {
        string path = Engine.Containers.Status(container).LogPath;
        return string.Concat(File.ReadAllLines(path).Select(static line => line.Split(' ', 4)[3] + "\n"));
    }

    /// <summary>Waits for what no event announces to a test.</summary>
    internal static async Task EventuallyAsync(Func<bool> condition)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        while (!condition())
        {
            await Task.Delay(10, patience.Token);
        }
    }

    /// <summary>No pod is left anywhere: mounts, cgroups, links, addresses, processes, files.</summary>
    internal async Task AssertNoLeaksAsync()
    {
        Assert.Empty(Engine.Pods.List(new PodFilter()));
        Assert.Empty(Engine.Containers.List(new ContainerFilter()));
        Assert.Equal(_mountsBefore, Mounts());
        Assert.Empty(Cgroups());
        Assert.Empty(Entries(Path.Combine(State, "pods")));
        Assert.DoesNotContain(Entries(Path.Combine(Root, "pods")), static n => n.EndsWith(".json", StringComparison.Ordinal));
        Assert.DoesNotContain(Entries(Path.Combine(Root, "containers")), static n => n.EndsWith(".json", StringComparison.Ordinal));
        Assert.Empty(_snapshots.Containers());
        Assert.DoesNotContain(Entries(Path.Combine(Root, "volumes")), static n => n.Length == 64);
        Assert.Empty(Processes());
        // The kernel takes a dead namespace's links away in its own time.
        await EventuallyAsync(() => !_routes.Links().Any(static l => l.Kind == "veth"));
        await EventuallyAsync(() => Directory.GetFiles(Path.Combine(State, "network", "addresses"), "*", SearchOption.AllDirectories).Length == 0);
    }

    internal IReadOnlyList<string> Cgroups() =>
    [
        .. Directory.GetDirectories("/sys/fs/cgroup").Append("/sys/fs/cgroup")
            .Select(h => h + _cgroupParent).Where(Directory.Exists).SelectMany(Directory.GetDirectories),
    ];

    public async ValueTask DisposeAsync()
    {
        foreach (Pod pod in Engine.Pods.List(new PodFilter()))
        {
            await Engine.Pods.RemoveAsync(pod.Id, CancellationToken.None);
        }

        await CloseAsync();
        Cgroup.Delete(_cgroups, _cgroupParent, TimeSpan.FromSeconds(10));
        await _registry.DisposeAsync();
        _loop.Dispose();
        _cgroups.Dispose();
        _routes.Dispose();
        _network.Dispose();
        _directory.Dispose();
    }

    /// <summary>Processes of this node's pods: monitors by their directory.</summary>
    private List<string> Processes()
    {
        var found = new List<string>();
        foreach (string directory in Directory.EnumerateDirectories("/proc").Where(static d => char.IsAsciiDigit(d[6])))
        {
            try
            {
                string line = File.ReadAllText(directory + "/cmdline");
                if (line.Contains(State, StringComparison.Ordinal))
                {
                    found.Add(line.Replace('\0', ' '));
                }
            }
            catch (IOException)
            {
                // it has just ended
            }
        }

        return found;
    }

    private static string[] Mounts() =>
        [.. File.ReadLines("/proc/self/mountinfo").Select(static l => l.Split(' ')[4]).Where(static p => p.Contains("gantry", StringComparison.Ordinal))];

    private static IEnumerable<string> Entries(string directory) =>
        Directory.Exists(directory) ? Directory.EnumerateFileSystemEntries(directory).Select(static p => Path.GetFileName(p)) : [];

    private async Task OpenAsync()
    {
        _snapshots = SnapshotStore.Open(Root);
        _volumes = ImageVolumes.Open(Root);
        _images = ImageService.Open(new ImageServiceOptions { Root = Root }, _snapshots);
        _selector = new NetworkSelector(new NetworkSettings
        {
            Mode = NetworkMode.Builtin,
            StateDirectory = Path.Combine(State, "network"),
            RootDirectory = Path.Combine(Root, "network"),
            HostNamespace = _network,
            Builtin = new BuiltinSettings { Linger = TimeSpan.FromSeconds(1) },
        });
        var parts = new EngineParts
        {
            Images = _images,
            Snapshots = _snapshots,
            Volumes = _volumes,
            Network = _selector,
            Cgroups = _cgroups,
            Monitors = new MonitorLauncher(_loop, MonitorProgram, []),
        };
        var options = new EngineOptions
        {
            Root = Root,
            State = State,
            MonitorProgram = MonitorProgram,
            DefaultCgroupParent = _cgroupParent,
            MonitorStartTimeout = TimeSpan.FromSeconds(60),
        };
        Engine = new GantryEngine(options, parts, TimeProvider.System, new TestLog());
        await Engine.RecoverAsync(Token);
    }

    private async Task CloseAsync()
    {
        await Engine.DisposeAsync();
        _selector.Dispose();
        _images.Dispose();
        await _volumes.DisposeAsync();
        await _snapshots.DisposeAsync();
    }
}
