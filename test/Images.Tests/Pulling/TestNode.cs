// SPDX-License-Identifier: Apache-2.0
using System.Collections.Concurrent;
using Gantry.Kit;
using Gantry.Kit.Images;
using Gantry.Kit.Registry;
using Gantry.Oci.Image;
using Gantry.Storage.Snapshots;

namespace Gantry.Images.Tests.Pulling;

/// <summary>An image service with stores of its own.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    private readonly TempRoot _root = new();

    private TestNode(string? storeRoot)
    {
        StoreRoot = storeRoot ?? Path.Combine(_root.Path, "store");
        Directory.CreateDirectory(StoreRoot);
        Directory.CreateDirectory(CertsDirectory);
        (Snapshots, Service) = OpenStores();
    }

    internal string StoreRoot { get; }

    internal string CertsDirectory => _root["certs.d"];

    internal string CredentialsFile => _root["auth.json"];

    internal SnapshotStore Snapshots { get; private set; }

    internal ImageService Service { get; private set; }

    /// <param name="storeRoot">Where the store is; <see langword="null"/>: a directory that goes with the node.</param>
    internal static TestNode Create(string? storeRoot = null) => new(storeRoot);

    internal Task<ImageRecord> PullAsync(
        string reference, RegistryCredentials? credentials = null, IProgress<PullProgress>? progress = null, CancellationToken? token = null) =>
        Service.PullAsync(
            new PullRequest { Reference = ImageReference.Parse(reference), Credentials = credentials, UserSpecified = reference },
            progress,
            token ?? TestContext.Current.CancellationToken);

    internal async Task<ImageException> FailAsync(string reference, RegistryCredentials? credentials = null)
    {
        ImageException error = await Assert.ThrowsAsync<ImageException>(() => PullAsync(reference, credentials));
        Assert.Empty(Service.List());
        Assert.Empty(Snapshots.Layers());
        Assert.Empty(Staged());
        return error;
    }

    /// <summary>What a daemon that starts after this one sees.</summary>
    internal async Task RestartAsync()
    {
        Service.Dispose();
        await Snapshots.DisposeAsync();
        (Snapshots, Service) = OpenStores();
    }

    internal void WriteHosts(string registry, string text)
    {
        string folder = Path.Combine(CertsDirectory, registry);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "hosts.toml"), text);
    }

    /// <summary>Complete blobs on disk.</summary>
    internal string[] Blobs() => Files("content/blobs");

    /// <summary>Unfinished blobs on disk.</summary>
    internal string[] Partial() => Files("content/ingest");

    internal string[] Staged() =>
        [.. Directory.GetDirectories(StoreRoot, "stag*", SearchOption.AllDirectories).SelectMany(Directory.GetFileSystemEntries)];

    /// <summary>The text of a file in the image, from the topmost layer that has it.</summary>
    internal string Read(ImageRecord image, string path)
    {
        string container = "reader-" + Guid.NewGuid().ToString("N");
        Snapshot snapshot = Service.Prepare(container, image.Id);
        try
        {
            return File.ReadAllText(snapshot.Lower.Select(l => Path.Combine(l, path)).First(File.Exists));
        }
        finally
        {
            Snapshots.Remove(container);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Service.Dispose();
        await Snapshots.DisposeAsync();
        _root.Dispose();
    }

    private (SnapshotStore Snapshots, ImageService Service) OpenStores()
    {
        SnapshotStore snapshots = SnapshotStore.Open(StoreRoot);
        var options = new ImageServiceOptions
        {
            Root = StoreRoot,
            CertsDirectories = [CertsDirectory],
            CredentialsFile = CredentialsFile,
            Clock = new HurriedClock(),
        };
        return (snapshots, ImageService.Open(options, snapshots));
    }

    private string[] Files(string below) =>
        Directory.GetFiles(Path.Combine(StoreRoot, below), "*", SearchOption.AllDirectories);
}

/// <summary>Tells the time, but waits only a hundredth of it: retries need not be slow in tests.</summary>
internal sealed class HurriedClock : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, dueTime / 100, period);
}

/// <summary>Keeps everything that was reported.</summary>
internal sealed class ProgressLog : IProgress<PullProgress>
{
    internal ConcurrentQueue<PullProgress> Reports { get; } = new();

    public void Report(PullProgress value) => Reports.Enqueue(value);
}

/// <summary>One registry for all tests of a class.</summary>
public sealed class RegistryFixture : IAsyncLifetime
{
    public TestRegistry Registry { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        if (TestRegistry.Available)
        {
            Registry = await TestRegistry.StartAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Registry is not null)
        {
            await Registry.DisposeAsync();
        }
    }
}

/// <summary>Images that tests pull.</summary>
internal static class Some
{
    internal static TestLayer Layer(string path, string content, LayerCompression compression = LayerCompression.Gzip) =>
        new LayerBuilder().Directory("d").File(path, content).Build(compression);

    /// <summary>A layer that does not compress.</summary>
    internal static TestLayer RandomLayer(int bytes, LayerCompression compression = LayerCompression.Gzip)
    {
        byte[] content = new byte[bytes];
        Random.Shared.NextBytes(content);
        return new LayerBuilder().File("random-" + Guid.NewGuid().ToString("N"), content).Build(compression);
    }

    /// <summary>A small image that no other test has.</summary>
    internal static TestImage Image(LayerCompression compression = LayerCompression.Gzip) => TestImage.Build(
        [Layer("d/one", Guid.NewGuid().ToString(), compression), Layer("d/two", Guid.NewGuid().ToString(), compression)]);

    /// <summary>A name that no other test has.</summary>
    internal static string Name() => "t/" + Guid.NewGuid().ToString("N")[..12];
}
