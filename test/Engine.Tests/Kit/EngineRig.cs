// SPDX-License-Identifier: Apache-2.0
using Gantry.Cgroups;
using Gantry.Engine.Containers;
using Gantry.Engine.Images;
using Gantry.Engine.Node;
using Gantry.Engine.Pods;
using Gantry.Engine.Recovery;
using Gantry.Images;
using Gantry.Oci.Image;
using Gantry.Storage.Snapshots;

namespace Gantry.Engine.Tests.Kit;

/// <summary>An engine on real storage and real cgroups, in a world of scripted monitors and networks.</summary>
internal sealed class EngineRig : IAsyncDisposable
{
    internal const string Image = "example.test/image:1";
    private readonly string _directory = Directory.CreateTempSubdirectory("gantry-engine-").FullName;
    private readonly string _cgroupParent = "/gantry-test-" + Guid.NewGuid().ToString("N");
    private readonly CgroupHierarchies _cgroups = CgroupHierarchies.Detect();
    private EngineContext _context = null!;

    private EngineRig()
    {
    }

    internal World World { get; } = new();

    internal EngineContext Context => _context;

    internal PodEngine Pods { get; private set; } = null!;

    internal ContainerEngine Containers { get; private set; } = null!;

    internal ImageRecord ImageRecord { get; } = new()
    {
        Id = Digest.Of("config"u8),
        Layers = [new LayerRecord(Digest.Of("blob"u8), Digest.Of("layer"u8), Digest.Of("layer"u8), 1)],
        Config = new ImageConfig { Config = new ImageRunConfig { Entrypoint = ["/bin/true"], Volumes = ["/data"] } },
    };

    internal string Root => Path.Combine(_directory, "root");

    internal string State => Path.Combine(_directory, "state");

    internal static async Task<EngineRig> StartAsync()
    {
        var rig = new EngineRig();
        Directory.CreateDirectory(rig.Root);
        await rig.OpenAsync();
        using (LayerStaging layer = rig._context.Snapshots.StageLayer(rig.ImageRecord.Layers[0].ChainId))
        {
            layer.Commit();
        }

        return rig;
    }

    /// <summary>gantryd was killed and comes again: same disk, same world, new memory.</summary>
    internal async Task RestartAsync(Action? whileDown = null)
    {
        World.Revive();
        await CloseAsync();
        whileDown?.Invoke();
        await OpenAsync();
    }

    internal static PodConfig Pod(string name = "web", uint attempt = 0) => new()
    {
        Metadata = new PodMetadata(name, "uid-" + name, "default", attempt),
        Labels = new Dictionary<string, string> { ["app"] = name, ["tier"] = "front" },
        LogDirectory = "/var/log/pods/" + name,
    };

    internal static ContainerConfig Container(string name = "main", uint attempt = 0) => new()
    {
        Metadata = new ContainerMetadata(name, attempt),
        Image = new ImageSpec { Image = Image },
        Labels = new Dictionary<string, string> { ["name"] = name },
        LogPath = name + "/0.log",
    };

    internal Task<string> RunPodAsync(string name = "web") => Pods.RunAsync(Pod(name), "", CancellationToken.None);

    internal async Task<string> CreateAsync(string pod, string name = "main") =>
        await Containers.CreateAsync(pod, Container(name), CancellationToken.None);

    internal async Task<string> StartContainerAsync(string pod, string name = "main")
    {
        string id = await CreateAsync(pod, name);
        await Containers.StartAsync(id, CancellationToken.None);
        return id;
    }

    internal ScriptedMonitor Monitor(string podId) => World.Monitors[_context.PodDirectory(podId)];

    /// <summary>Nothing of any pod is anywhere.</summary>
    internal void AssertNothingLeft()
    {
        Assert.DoesNotContain(World.Monitors.Values, static m => m.Alive);
        Assert.Empty(World.Network.Attached);
        Assert.Empty(World.Network.Reserved);
        Assert.Empty(Names(_context.PodsDirectory));
        Assert.DoesNotContain(Names(Path.Combine(Root, "pods")), static n => n.EndsWith(".json", StringComparison.Ordinal));
        AssertNoContainerLeft();
        Assert.Empty(Cgroups());
        Assert.Empty(_context.Pods);
        Assert.Empty(_context.PodNames);
    }

    internal void AssertNoContainerLeft()
    {
        Assert.DoesNotContain(Names(Path.Combine(Root, "containers")), static n => n.EndsWith(".json", StringComparison.Ordinal));
        Assert.Empty(_context.Snapshots.Containers());
        Assert.DoesNotContain(Names(Path.Combine(Root, "volumes")), static n => n.Length == 64);
        Assert.Empty(_context.Containers);
        Assert.Empty(_context.ContainerNames);
    }

    /// <summary>Directories of pods below this rig's own cgroup, in every hierarchy.</summary>
    internal IReadOnlyList<string> Cgroups() =>
    [
        .. Directory.GetDirectories("/sys/fs/cgroup").Append("/sys/fs/cgroup")
            .Select(h => h + _cgroupParent).Where(Directory.Exists).SelectMany(Directory.GetDirectories),
    ];

    public async ValueTask DisposeAsync()
    {
        World.Revive();
        await CloseAsync();
        Cgroup.Delete(_cgroups, _cgroupParent, TimeSpan.FromSeconds(5));
        _cgroups.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static IEnumerable<string> Names(string directory) =>
        Directory.Exists(directory) ? Directory.EnumerateFileSystemEntries(directory).Select(static p => Path.GetFileName(p)) : [];

    private async Task OpenAsync()
    {
        _context = new EngineContext
        {
            Options = new EngineOptions { Root = Root, State = State, DefaultCgroupParent = _cgroupParent },
            FindImage = name => name == Image ? ImageRecord : null,
            PrepareSnapshot = (containerId, image) => _context.Snapshots.Prepare(containerId, image.ChainIds),
            Snapshots = SnapshotStore.Open(Root),
            Volumes = ImageVolumes.Open(Root),
            Network = World.Network,
            Cgroups = _cgroups,
            Monitors = new ScriptedLauncher(World),
            Node = new NodeProbe("/bin"),
            Clock = TimeProvider.System,
            Log = new TestLog(),
            PodRecords = EngineContext.OpenPodRecords(Root),
            ContainerRecords = EngineContext.OpenContainerRecords(Root),
        };
        Pods = new PodEngine(_context);
        Containers = new ContainerEngine(_context);
        await EngineRecovery.RunAsync(_context, CancellationToken.None);
    }

    private async Task CloseAsync()
    {
        await _context.Snapshots.DisposeAsync();
        await _context.Volumes.DisposeAsync();
    }
}
