// SPDX-License-Identifier: Apache-2.0
using Gantry.Kit;
using Gantry.Kit.Images;
using Gantry.Kit.Registry;
using Gantry.Storage.Gc;
using Gantry.Storage.Snapshots;

namespace Gantry.Images.Tests.Pulling;

/// <summary>Removal, garbage, and a full disk.</summary>
public sealed class CollectionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Removing_an_image_by_any_name_removes_all_its_tags_and_its_content()
    {
        TestImage image = Some.Image();
        await using var server = new ScriptedServer(ScriptedServer.Serving(image));
        await using TestNode node = TestNode.Create();
        await node.PullAsync($"{server.Host}/a/b:v1");
        ImageRecord record = await node.PullAsync($"{server.Host}/a/b:v2");
        Assert.Equal(2, record.RepoTags.Count);

        ImageRecord? removed = await node.Service.RemoveAsync($"{server.Host}/a/b:v1", Token);

        Assert.Equal(record.Id, removed!.Id);
        Assert.Null(node.Service.Find($"{server.Host}/a/b:v2"));
        Assert.Null(await node.Service.RemoveAsync($"{server.Host}/a/b:v1", Token));
        Assert.Empty(node.Blobs());
        Assert.Empty(node.Snapshots.Layers());
        Assert.Equal((0, 0), (node.Service.FsInfo().UsedBytes, node.Service.FsInfo().UsedInodes));
    }

    [Fact]
    public async Task Layers_that_another_image_or_a_container_uses_stay()
    {
        TestLayer shared = Some.Layer("d/shared", "s");
        TestImage one = TestImage.Build([shared, Some.Layer("d/a", "1")]);
        TestImage two = TestImage.Build([shared, Some.Layer("d/a", "2")]);
        await using var first = new ScriptedServer(ScriptedServer.Serving(one));
        await using var second = new ScriptedServer(ScriptedServer.Serving(two));
        await using TestNode node = TestNode.Create();
        ImageRecord oneRecord = await node.PullAsync($"{first.Host}/a/b:v1");
        ImageRecord twoRecord = await node.PullAsync($"{second.Host}/a/b:v1");
        Snapshot container = node.Service.Prepare("c1", oneRecord.Id);

        await node.Service.RemoveAsync(oneRecord.Id.ToString(), Token);
        Assert.Equal(3, node.Snapshots.Layers().Count);
        Assert.All(container.Lower, l => Assert.True(Directory.Exists(l)));
        Assert.Throws<ImageException>(() => node.Service.Prepare("c2", oneRecord.Id));

        node.Snapshots.Remove("c1");
        CollectionResult result = await node.Service.CollectAsync(Token);
        Assert.Equal([oneRecord.ChainIds[1]], result.Layers);
        Assert.Equal("2", node.Read(twoRecord, "d/a"));
        Assert.Empty(result.Errors);
        Assert.Empty((await node.Service.CollectAsync(Token)).Layers);
    }

    [Fact]
    public async Task What_a_running_pull_has_fetched_is_not_collected()
    {
        TestImage image = TestImage.Build([Some.Layer("d/a", "1"), Some.Layer("d/b", "2")]);
        var gate = new TaskCompletionSource();
        var reached = new TaskCompletionSource();
        Func<ScriptedRequest, ScriptedResponse> serve = ScriptedServer.Serving(image);
        await using var server = new ScriptedServer(r =>
        {
            if (r.Path.EndsWith(image.Layers[1].Blob.Digest.ToString(), StringComparison.Ordinal))
            {
                reached.TrySetResult();
                gate.Task.Wait(Token);
            }

            return serve(r);
        });
        await using TestNode node = TestNode.Create();
        var progress = new ProgressLog();
        Task<ImageRecord> pull = node.PullAsync($"{server.Host}/a/b:v1", progress: progress);
        await reached.Task;
        while (!progress.Reports.Any(r => r.Phase == PullPhase.Done))
        {
            await Task.Delay(5, Token);
        }

        CollectionResult result = await node.Service.CollectAsync(Token);
        gate.SetResult();

        Assert.Equal((0, 0), (result.Blobs, result.Layers.Count));
        Assert.Equal("2", node.Read(await pull, "d/b"));
        Assert.Equal(1, server.Count("GET", image.Layers[0].Blob.Digest.ToString()));
    }

    [Fact]
    public async Task A_collection_goes_on_after_an_object_that_cannot_be_removed()
    {
        TestImage image = Some.Image();
        await using var server = new ScriptedServer(ScriptedServer.Serving(image));
        await using TestNode node = TestNode.Create();
        await node.PullAsync($"{server.Host}/a/b:v1");
        string stuck = node.Blobs().Single(b => b.EndsWith(image.Config.Digest.Hex, StringComparison.Ordinal));
        Tool.Run("mount", "--bind", stuck, stuck);
        try
        {
            await node.Service.RemoveAsync($"{server.Host}/a/b:v1", Token);
            CollectionResult again = await node.Service.CollectAsync(Token);

            Assert.Contains(image.Config.Digest.ToString(), Assert.Single(again.Errors), StringComparison.Ordinal);
            Assert.Equal([stuck], node.Blobs());
            Assert.Empty(node.Snapshots.Layers());
        }
        finally
        {
            Tool.Run("umount", stuck);
        }

        Assert.Equal(1, (await node.Service.CollectAsync(Token)).Blobs);
    }

    [Fact]
    public async Task A_disk_too_small_is_said_before_the_download_starts()
    {
        using var disk = new TmpfsMount(8 * 1024 * 1024);
        TestImage image = TestImage.Build([Some.RandomLayer(20_000_000)]);
        await using var server = new ScriptedServer(ScriptedServer.Serving(image));
        await using TestNode node = TestNode.Create(disk.Path);

        ImageException error = await node.FailAsync($"{server.Host}/a/b:v1");

        Assert.Equal(ImageError.NoSpace, error.Error);
        Assert.Contains($"no space left on {disk.Path}", error.Message, StringComparison.Ordinal);
        Assert.Contains($"needs {image.Layers[0].Blob.Content.Length} bytes", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, server.Count("GET", image.Layers[0].Blob.Digest.ToString()));
    }

    [Fact]
    public async Task A_disk_that_fills_up_while_unpacking_is_an_error_and_the_pull_succeeds_when_space_returns()
    {
        using var disk = new TmpfsMount(16 * 1024 * 1024);
        TestImage kept = Some.Image();
        byte[] zeros = new byte[60_000_000];
        TestImage large = TestImage.Build([Some.RandomLayer(5_000_000), new LayerBuilder().File("zeros", zeros).Build()]);
        await using var server = new ScriptedServer(ScriptedServer.Serving(kept));
        await using var other = new ScriptedServer(ScriptedServer.Serving(large));
        await using TestNode node = TestNode.Create(disk.Path);
        ImageRecord before = await node.PullAsync($"{server.Host}/a/b:v1");

        ImageException error = await Assert.ThrowsAsync<ImageException>(() => node.PullAsync($"{other.Host}/a/b:v1"));

        Assert.Equal(ImageError.NoSpace, error.Error);
        Assert.Contains("no space left on", error.Message, StringComparison.Ordinal);
        Assert.Empty(node.Staged());
        Assert.Equal(before.Id, Assert.Single(node.Service.List()).Id);
        await node.RestartAsync();
        Assert.Equal(before.Id, Assert.Single(node.Service.List()).Id);
        disk.Resize(200 * 1024 * 1024);
        ImageRecord after = await node.PullAsync($"{other.Host}/a/b:v1");
        Assert.Equal(zeros.Length, node.Read(after, "zeros").Length);
        Assert.Empty(node.Service.Quarantined);
    }

    [Fact]
    public async Task Pulls_removals_and_collections_at_once_leave_whole_images_only()
    {
        TestLayer[] pool = [.. Enumerable.Range(0, 6).Select(i => Some.Layer($"d/l{i}", $"{i}"))];
        TestImage[] images = [.. Enumerable.Range(0, 6).Select(i => TestImage.Build([pool[0], pool[i], pool[(i + 2) % 6]]))];
        await using var server = new ScriptedServer(r =>
        {
            string repository = r.Path.Split('/')[2];
            return ScriptedServer.Serving(images[int.Parse(repository[1..], System.Globalization.CultureInfo.InvariantCulture)])(r);
        });
        await using TestNode node = TestNode.Create();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Task collector = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                Assert.Empty((await node.Service.CollectAsync(CancellationToken.None)).Errors);
            }
        }, Token);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(
            async () =>
            {
                var random = new Random(worker);
                for (int round = 0; round < 25; round++)
                {
                    int i = random.Next(images.Length);
                    ImageRecord record = await node.PullAsync($"{server.Host}/r{i}:v1");
                    if (random.Next(2) == 0)
                    {
                        await node.Service.RemoveAsync(record.Id.ToString(), Token);
                    }
                }
            },
            Token)));
        await stop.CancelAsync();
        await collector;

        foreach (ImageRecord record in node.Service.List())
        {
            Assert.All(record.ChainIds, c => Assert.True(node.Snapshots.HasLayer(c)));
            _ = node.Service.ReadConfig(record.Id);
            await node.Service.RemoveAsync(record.Id.ToString(), Token);
        }

        Assert.Empty(node.Blobs());
        Assert.Empty(node.Snapshots.Layers());
        Assert.Empty(node.Staged());
        Assert.Empty(Directory.GetFiles(Path.Combine(node.StoreRoot, "leases")));
    }
}
