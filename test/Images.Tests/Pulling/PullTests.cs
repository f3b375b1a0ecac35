// SPDX-License-Identifier: Apache-2.0
using Gantry.Kit.Images;
using Gantry.Kit.Registry;
using Gantry.Oci.Image;

namespace Gantry.Images.Tests.Pulling;

/// <summary>Pulls from Debian's docker-registry.</summary>
public sealed class PullTests(RegistryFixture fixture) : IClassFixture<RegistryFixture>
{
    private TestRegistry Registry
    {
        get
        {
            Assert.SkipUnless(TestRegistry.Available, $"{TestRegistry.Program} is not installed");
            return fixture.Registry;
        }
    }

    [Theory]
    [InlineData(LayerCompression.Gzip, false)]
    [InlineData(LayerCompression.Zstd, false)]
    [InlineData(LayerCompression.None, false)]
    [InlineData(LayerCompression.Gzip, true)]
    [InlineData(LayerCompression.Zstd, true)]
    [InlineData(LayerCompression.None, true)]
    public async Task An_image_is_pulled_by_tag(LayerCompression compression, bool docker)
    {
        TestLayer[] layers =
        [
            Some.Layer("d/same", "lower", compression),
            new LayerBuilder().Directory("d").File("d/same", "upper").File("d/x", "y").Build(compression),
        ];
        TestImage image = TestImage.Build(layers, new ImageRunConfig { User = "app", Cmd = ["run"] }, docker: docker);
        string reference = await Registry.PushAsync(Some.Name(), "v1", image);
        await using TestNode node = TestNode.Create();
        var progress = new ProgressLog();

        ImageRecord record = await node.PullAsync(reference, progress: progress);

        Assert.Equal(image.Id, record.Id);
        Assert.Equal([reference], record.RepoTags);
        Assert.Equal([$"{reference[..^3]}@{image.Manifest.Digest}"], record.RepoDigests);
        Assert.Equal(image.Manifest.Content.Length + image.Blobs.Sum(b => (long)b.Content.Length), record.Size);
        Assert.Equal(ChainId.Compute([.. layers.Select(l => l.DiffId)]), record.ChainIds);
        Assert.Equal("app", record.Config.Run.User);
        Assert.Equal(reference, record.UserSpecified);
        Assert.Equal("upper", node.Read(record, "d/same"));
        Assert.Equal("y", node.Read(record, "d/x"));
        Assert.Equal(image.Config.Content, node.Service.ReadConfig(record.Id).ToArray());
        Assert.All(layers, l => Assert.Contains(progress.Reports, r => r.Layer == l.Blob.Digest && r.Phase == PullPhase.Done && r.Offset == r.Total));
        Assert.Empty(node.Staged());
        Assert.Empty(node.Partial());
    }

    [Fact]
    public async Task An_image_is_pulled_by_digest_and_found_by_every_name()
    {
        TestImage image = Some.Image();
        string tagged = await Registry.PushAsync(Some.Name(), "v1", image);
        string byDigest = $"{tagged[..^3]}@{image.Manifest.Digest}";
        await using TestNode node = TestNode.Create();

        ImageRecord record = await node.PullAsync(byDigest);

        Assert.Empty(record.RepoTags);
        Assert.Equal([byDigest], record.RepoDigests);
        Assert.Null(node.Service.Find(tagged));
        ImageRecord both = await node.PullAsync(tagged);
        Assert.Equal([tagged], both.RepoTags);
        string[] names = [tagged, byDigest, $"{tagged}@{image.Manifest.Digest}", image.Id.ToString(), image.Id.Hex, image.Id.Hex[..12], image.Manifest.Digest.ToString()];
        Assert.All(names, n => Assert.Equal(image.Id, node.Service.Find(n)?.Id));
        Assert.Null(node.Service.Find("absent"));
        Assert.Null(node.Service.Find(new string('0', 64)));
        Assert.Throws<ImageException>(() => node.Service.Find("Not A Name"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_image_of_an_index_that_fits_this_node_is_taken(bool docker)
    {
        string[] others = ["s390x", "ppc64le", "riscv64"];
        TestImage mine = TestImage.Build([Some.Layer("d/a", "mine")], docker: docker);
        List<TestImage> images = [.. others.Select(a => TestImage.Build([Some.Layer("d/a", a)], platform: new Platform { Os = "linux", Architecture = a }, docker: docker))];
        images.Insert(1, mine);
        string reference = await Registry.PushIndexAsync(Some.Name(), "v1", images, docker);
        await using TestNode node = TestNode.Create();

        ImageRecord record = await node.PullAsync(reference);

        Assert.Equal(mine.Id, record.Id);
        Assert.Equal("mine", node.Read(record, "d/a"));
        Assert.EndsWith($"@{TestImage.Index(images, docker).Digest}", Assert.Single(record.RepoDigests), StringComparison.Ordinal);
        Assert.Equal(2, record.Documents.Count);
    }

    [Fact]
    public async Task A_variant_is_preferred_over_the_base_and_an_unknown_one_is_not_taken()
    {
        TestImage For(string? variant) => TestImage.Build(
            [Some.Layer("d/v", variant ?? "base")], platform: new Platform { Os = "linux", Architecture = "arm64", Variant = variant });
        string reference = await Registry.PushIndexAsync(Some.Name(), "v1", [For("v9"), For(null), For("v8.5")]);
        await using TestNode node = TestNode.Create();
        Task<ImageRecord> PullFor(string? variant) => node.Service.PullAsync(
            new PullRequest
            {
                Reference = ImageReference.Parse(reference),
                Platform = new Platform { Os = "linux", Architecture = "arm64", Variant = variant },
            },
            null,
            TestContext.Current.CancellationToken);

        Assert.Equal("base", node.Read(await PullFor("v8"), "d/v"));
        Assert.Equal("v9", node.Read(await PullFor("v9"), "d/v"));
        Assert.Equal("base", node.Read(await PullFor(null), "d/v"));
    }

    [Fact]
    public async Task An_index_without_this_platform_is_refused_with_what_it_has()
    {
        TestImage other = TestImage.Build([Some.Layer("d/a", "x")], platform: new Platform { Os = "linux", Architecture = "s390x" });
        string reference = await Registry.PushIndexAsync(Some.Name(), "v1", [other]);
        await using TestNode node = TestNode.Create();

        ImageException error = await node.FailAsync(reference);

        Assert.Equal(ImageError.NotFound, error.Error);
        Assert.Contains($"no image for {Platform.Local}; the index has linux/s390x", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_single_image_for_another_architecture_is_refused()
    {
        TestImage other = TestImage.Build([Some.Layer("d/a", "x")], platform: new Platform { Os = "linux", Architecture = "s390x" });
        string reference = await Registry.PushAsync(Some.Name(), "v1", other);
        await using TestNode node = TestNode.Create();

        ImageException error = await node.FailAsync(reference);

        Assert.Equal(ImageError.NotFound, error.Error);
        Assert.Contains("the image is for linux/s390x", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_absent_image_is_named_with_host_status_and_the_registrys_words()
    {
        string reference = $"{Registry.Host}/{Some.Name()}:nope";
        await using TestNode node = TestNode.Create();

        ImageException error = await node.FailAsync(reference);

        Assert.Equal(ImageError.NotFound, error.Error);
        Assert.Equal(404, error.StatusCode);
        Assert.Equal(Registry.Host, error.Host);
        Assert.Contains($"{Registry.Host} answered 404", error.Message, StringComparison.Ordinal);
        Assert.Contains("MANIFEST_UNKNOWN", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_pull_of_the_same_image_fetches_no_content()
    {
        string name = Some.Name();
        string reference = await Registry.PushAsync(name, "v1", Some.Image());
        await using TestNode node = TestNode.Create();
        ImageRecord first = await node.PullAsync(reference);
        int before = Registry.Requests($"GET /v2/{name}/");

        ImageRecord second = await node.PullAsync(reference);

        Assert.Equal(first.Id, second.Id);
        Assert.Equal(before, Registry.Requests($"GET /v2/{name}/"));
        Assert.Single(node.Service.List());
    }

    [Fact]
    public async Task A_tag_that_moved_belongs_to_the_new_image_only()
    {
        string name = Some.Name();
        await using TestNode node = TestNode.Create();
        ImageRecord old = await node.PullAsync(await Registry.PushAsync(name, "v1", Some.Image()));

        ImageRecord now = await node.PullAsync(await Registry.PushAsync(name, "v1", Some.Image()));

        Assert.NotEqual(old.Id, now.Id);
        Assert.Equal(now.Id, node.Service.Find($"{Registry.Host}/{name}:v1")!.Id);
        Assert.Empty(node.Service.Find(old.Id.ToString())!.RepoTags);
        await node.RestartAsync();
        Assert.Equal(now.Id, node.Service.Find($"{Registry.Host}/{name}:v1")!.Id);
        Assert.Equal(2, node.Service.List().Count);
    }

    [Fact]
    public async Task Many_pulls_at_once_ask_the_registry_once()
    {
        TestImage image = TestImage.Build([Some.RandomLayer(4_000_000), Some.RandomLayer(1_000_000), Some.Layer("d/a", "b")]);
        string name = Some.Name();
        string reference = await Registry.PushAsync(name, "v1", image);
        await using TestNode node = TestNode.Create();

        ImageRecord[] records = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => node.PullAsync(reference)));

        Assert.All(records, r => Assert.Equal(image.Id, r.Id));
        Assert.All(image.Blobs, b => Assert.Equal(1, Registry.Requests($"GET /v2/{name}/blobs/{b.Digest}")));
        Assert.Equal(1, Registry.Requests($"GET /v2/{name}/manifests/"));
        Assert.Equal(1, Registry.Requests($"HEAD /v2/{name}/manifests/"));
    }

    [Fact]
    public async Task Two_images_that_share_layers_fetch_them_once()
    {
        TestLayer shared = Some.RandomLayer(3_000_000);
        TestImage one = TestImage.Build([shared, Some.Layer("d/a", "1")]);
        TestImage two = TestImage.Build([shared, Some.Layer("d/a", "2")]);
        string name = Some.Name();
        string[] references = [await Registry.PushAsync(name, "one", one), await Registry.PushAsync(name, "two", two)];
        await using TestNode node = TestNode.Create();

        ImageRecord[] records = await Task.WhenAll(references.Select(r => node.PullAsync(r)));

        Assert.Equal(["1", "2"], records.Select(r => node.Read(r, "d/a")));
        Assert.Equal(1, Registry.Requests($"GET /v2/{name}/blobs/{shared.Blob.Digest}"));
        Assert.Equal(3, node.Snapshots.Layers().Count);
    }

    [Fact]
    public async Task A_layer_that_an_image_has_twice_is_fetched_once_and_stacked_twice()
    {
        TestLayer empty = TestLayer.From(new byte[1024], LayerCompression.Gzip);
        TestImage image = TestImage.Build([empty, Some.Layer("d/a", "1"), empty, empty]);
        string name = Some.Name();
        await using TestNode node = TestNode.Create();

        ImageRecord record = await node.PullAsync(await Registry.PushAsync(name, "v1", image));

        Assert.Equal(4, record.ChainIds.Distinct().Count());
        Assert.Equal(4, node.Snapshots.Layers().Count);
        Assert.Equal(1, Registry.Requests($"GET /v2/{name}/blobs/{empty.Blob.Digest}"));
    }

    [Fact]
    public async Task An_image_of_a_hundred_layers_is_pulled_in_order()
    {
        TestImage image = TestImage.Build([.. Enumerable.Range(0, 100).Select(i => Some.Layer("d/last", $"{i}"))]);
        await using TestNode node = TestNode.Create();

        ImageRecord record = await node.PullAsync(await Registry.PushAsync(Some.Name(), "v1", image));

        Assert.Equal(100, record.ChainIds.Count);
        Assert.Equal("99", node.Read(record, "d/last"));
    }

    [Fact]
    public async Task Images_survive_a_restart_and_one_with_a_missing_layer_is_forgotten()
    {
        await using TestNode node = TestNode.Create();
        ImageRecord whole = await node.PullAsync(await Registry.PushAsync(Some.Name(), "v1", Some.Image()));
        ImageRecord broken = await node.PullAsync(await Registry.PushAsync(Some.Name(), "v1", Some.Image()));
        node.Snapshots.RemoveLayer(broken.ChainIds[^1]);

        await node.RestartAsync();

        ImageRecord left = Assert.Single(node.Service.List());
        Assert.Equal(whole.Id, left.Id);
        Assert.Equal(whole.RepoTags, left.RepoTags);
        Assert.Equal(broken.Id, (await node.PullAsync(broken.RepoTags[0])).Id);
    }

    [Fact]
    public async Task Busybox_of_this_machine_becomes_an_image()
    {
        Assert.SkipUnless(BusyboxImage.Available, $"{BusyboxImage.Source} is not installed");
        string reference = await Registry.PushAsync(Some.Name(), "v1", BusyboxImage.Build());
        await using TestNode node = TestNode.Create();

        ImageRecord record = await node.PullAsync(reference);

        Assert.Contains("root:x:0:0", node.Read(record, "etc/passwd"), StringComparison.Ordinal);
        Assert.True(node.Service.FsInfo().UsedBytes > new FileInfo(BusyboxImage.Source).Length);
    }
}
