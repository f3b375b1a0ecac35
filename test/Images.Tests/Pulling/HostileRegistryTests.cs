// SPDX-License-Identifier: Apache-2.0
using System.Text;
using System.Text.Json;
using Gantry.Kit.Images;
using Gantry.Kit.Registry;
using Gantry.Oci.Image;

namespace Gantry.Images.Tests.Pulling;

/// <summary>Answers that no honest registry gives.</summary>
public sealed class HostileRegistryTests : IAsyncDisposable
{
    private readonly TestImage _image = Some.Image();
    private readonly TestNode _node = TestNode.Create();

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task A_layer_with_another_digest_is_discarded_with_everything()
    {
        Digest wanted = _image.Layers[0].Blob.Digest;
        byte[] other = [.. _image.Layers[0].Blob.Content];
        other[^5] ^= 1;

        ImageException error = await FailAsync(Replacing($"/blobs/{wanted}", new ScriptedResponse(200) { Body = other }));

        Assert.Equal(ImageError.Corrupt, error.Error);
        Assert.DoesNotContain(_node.Blobs(), b => b.EndsWith(wanted.Hex, StringComparison.Ordinal));
        Assert.Empty(_node.Partial());
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(1_000_000)]
    public async Task A_layer_with_another_length_is_refused(int more)
    {
        TestBlob layer = _image.Layers[0].Blob;
        byte[] other = new byte[layer.Content.Length + more];
        layer.Content.AsSpan(0, Math.Min(other.Length, layer.Content.Length)).CopyTo(other);

        ImageException error = await FailAsync(Replacing($"/blobs/{layer.Digest}", new ScriptedResponse(200) { Body = other }));

        Assert.Equal(ImageError.Corrupt, error.Error);
        Assert.Contains($"the manifest says {layer.Content.Length}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_layer_with_another_diff_id_is_discarded_with_everything()
    {
        TestLayer honest = Some.Layer("d/a", "x");
        TestImage image = TestImage.Build([honest with { DiffId = Digest.Of("something else"u8) }]);

        ImageException error = await FailAsync(ScriptedServer.Serving(image));

        Assert.Equal(ImageError.Corrupt, error.Error);
        Assert.Contains($"its content has diff id {honest.DiffId}", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_node.Blobs(), b => b.EndsWith(honest.Blob.Digest.Hex, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(LayerCompression.Gzip, LayerCompression.Zstd, "the content is gzip")]
    [InlineData(LayerCompression.Zstd, LayerCompression.Gzip, "the content is zstd")]
    [InlineData(LayerCompression.None, LayerCompression.Gzip, "the content is not compressed")]
    public async Task A_layer_that_is_not_what_its_media_type_says_is_refused(LayerCompression real, LayerCompression said, string expected)
    {
        TestLayer layer = Some.Layer("d/a", "x", real) with { MediaType = TestLayer.OciType(said) };

        ImageException error = await FailAsync(ScriptedServer.Serving(TestImage.Build([layer])));

        Assert.Equal(ImageError.Corrupt, error.Error);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_compressed_layer_sent_as_plain_is_refused()
    {
        TestLayer gzip = Some.Layer("d/a", "x");
        TestLayer layer = gzip with { MediaType = MediaTypes.OciLayer, DiffId = gzip.Blob.Digest };

        ImageException error = await FailAsync(ScriptedServer.Serving(TestImage.Build([layer])));

        Assert.Equal(ImageError.Corrupt, error.Error);
    }

    [Theory]
    [InlineData(LayerCompression.Gzip)]
    [InlineData(LayerCompression.Zstd)]
    public async Task A_layer_with_damaged_or_cut_compression_is_refused(LayerCompression compression)
    {
        byte[] tar = Some.RandomLayer(300_000, LayerCompression.None).Blob.Content;
        byte[] whole = TestLayer.Compress(tar, compression);
        byte[] damaged = [.. whole];
        damaged.AsSpan(whole.Length / 2, 64).Fill(0x55);
        foreach (byte[] bytes in (byte[][])[whole[..(whole.Length / 2)], damaged])
        {
            var layer = new TestLayer(new TestBlob(bytes), Digest.Of(tar), TestLayer.OciType(compression));

            ImageException error = await FailAsync(ScriptedServer.Serving(TestImage.Build([layer])));

            Assert.Equal(ImageError.Corrupt, error.Error);
        }
    }

    [Fact]
    public async Task A_bomb_of_zeros_ends_at_the_limit()
    {
        byte[] zeros = TestLayer.Compress(new byte[200_000_000], LayerCompression.Zstd);
        var layer = new TestLayer(new TestBlob(zeros), Digest.Of("unknown"u8), MediaTypes.OciLayerZstd);

        ImageException error = await FailAsync(ScriptedServer.Serving(TestImage.Build([layer])));

        Assert.Equal(ImageError.Corrupt, error.Error);
    }

    [Fact]
    public async Task CVE_2021_41190_a_manifest_that_is_an_index_too_is_refused()
    {
        byte[] both = Encoding.UTF8.GetBytes(
            Encoding.UTF8.GetString(_image.Manifest.Content).Replace("\"layers\":", "\"manifests\":[],\"layers\":", StringComparison.Ordinal));

        ImageException error = await FailAsync(_ => ScriptedResponse.Blob(new TestBlob(both), MediaTypes.OciManifest));

        Assert.Equal(ImageError.Corrupt, error.Error);
        Assert.Contains("both manifests and layers", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_manifest_sent_as_something_else_is_refused()
    {
        ImageException error = await FailAsync(_ => ScriptedResponse.Blob(_image.Manifest, MediaTypes.DockerManifest));

        Assert.Equal(ImageError.Corrupt, error.Error);
    }

    [Fact]
    public async Task A_manifest_that_is_not_what_the_index_says_is_refused()
    {
        TestBlob index = TestImage.Index([_image with { MediaType = MediaTypes.DockerManifest }]);
        Func<ScriptedRequest, ScriptedResponse> serve = ScriptedServer.Serving(_image);

        ImageException error = await FailAsync(
            r => r.Path.EndsWith("/v1", StringComparison.Ordinal) || r.Path.EndsWith(index.Digest.ToString(), StringComparison.Ordinal)
                ? ScriptedResponse.Blob(index, MediaTypes.OciIndex)
                : serve(r));

        Assert.Equal(ImageError.Corrupt, error.Error);
        Assert.Contains("is not what the index says", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_manifest_with_another_digest_than_announced_is_refused()
    {
        TestImage other = Some.Image();
        ImageException error = await FailAsync(
            r => ScriptedResponse.Blob(r.Method == "HEAD" ? _image.Manifest : other.Manifest, _image.MediaType));

        Assert.Equal(ImageError.Corrupt, error.Error);
        Assert.Contains($"what arrived has digest {other.Manifest.Digest}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CVE_2026_53493_an_index_inside_indexes_without_end_is_refused()
    {
        var levels = new List<TestBlob>();
        TestImage inner = _image;
        for (int i = 0; i < 10; i++)
        {
            TestBlob index = TestImage.Index([inner]);
            levels.Add(index);
            inner = inner with { Manifest = index, MediaType = MediaTypes.OciIndex };
        }

        ImageException error = await FailAsync(
            r => ScriptedResponse.Blob(levels.Find(l => r.Path.EndsWith(l.Digest.ToString(), StringComparison.Ordinal)) ?? levels[^1], MediaTypes.OciIndex));

        Assert.Equal(ImageError.Corrupt, error.Error);
        Assert.Contains("indexes inside indexes", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CVE_2023_25153_a_manifest_of_gigabytes_is_not_read(bool announced)
    {
        byte[] part = new byte[5_000_000];
        var response = new ScriptedResponse(200)
        {
            Body = part,
            AnnouncedLength = announced ? 8L << 30 : part.Length,
            Headers = { ["Content-Type"] = MediaTypes.OciIndex },
        };

        ImageException error = await FailAsync(_ => response);

        Assert.Equal(ImageError.Corrupt, error.Error);
        Assert.Contains($"more than {ImageDocument.MaxBytes} bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_schema_1_image_is_refused_by_name()
    {
        byte[] old = """{"schemaVersion":1,"name":"a","tag":"v1","fsLayers":[]}"""u8.ToArray();

        ImageException error = await FailAsync(_ => ScriptedResponse.Blob(new TestBlob(old), MediaTypes.DockerSchema1Signed));

        Assert.Equal(ImageError.Unsupported, error.Error);
        Assert.Contains("schema 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chart_is_refused_as_no_container_image()
    {
        Manifest manifest = ImageDocument.ReadManifest(_image.Manifest.Content);
        byte[] chart = JsonSerializer.SerializeToUtf8Bytes(
            manifest with { Config = manifest.Config! with { MediaType = "application/vnd.cncf.helm.config.v1+json" } }, ImageJson.Default.Manifest);

        ImageException error = await FailAsync(_ => ScriptedResponse.Blob(new TestBlob(chart), MediaTypes.OciManifest));

        Assert.Equal(ImageError.Unsupported, error.Error);
        Assert.Contains("not a container image", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_configuration_that_does_not_fit_the_manifest_is_refused()
    {
        byte[] config = JsonSerializer.SerializeToUtf8Bytes(
            new ImageConfig { Rootfs = new RootFs { DiffIds = [Digest.Of("a"u8)] } }, ImageJson.Default.ImageConfig);

        ImageException error = await FailAsync(
            ScriptedServer.Serving(TestImage.FromConfig(new TestBlob(config), _image.Layers)));

        Assert.Equal(ImageError.Corrupt, error.Error);
        Assert.Contains("1 entries, the manifest has 2 layers", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_page_is_bounded_and_its_control_characters_are_dropped()
    {
        string body = JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["errors"] = new[] { new Dictionary<string, string> { ["code"] = "X", ["message"] = "\u001b[31m" + new string('a', 10_000) } },
        });

        ImageException error = await FailAsync(_ => new ScriptedResponse(400) { Body = Encoding.UTF8.GetBytes(body) });

        Assert.Equal((ImageError.Unavailable, 400), (error.Error, error.StatusCode));
        Assert.InRange(error.Message.Length, 100, 1000);
        Assert.DoesNotContain(error.Message, char.IsControl);
    }

    [Fact]
    public async Task A_redirect_is_followed_without_the_authorisation_or_the_hosts_headers()
    {
        Func<ScriptedRequest, ScriptedResponse> serve = ScriptedServer.Serving(_image);
        await using var storage = new ScriptedServer(serve);
        await using var registry = new ScriptedServer(r => r.Path.Contains("/blobs/", StringComparison.Ordinal)
            ? new ScriptedResponse(307) { Headers = { ["Location"] = $"{storage.Url}{r.Path}?signature=1" } }
            : serve(r));
        await using TestNode node = TestNode.Create();
        node.WriteHosts(registry.Host, $"server = \"{registry.Url}\"\n[header]\nx-secret = \"s\"\n");

        await node.PullAsync($"{registry.Host}/a/b:v1", new RegistryCredentials { RegistryToken = "t" });

        Assert.All(registry.Requests, r => Assert.Equal(("Bearer t", "s"), (r.Authorization!, r.Headers["x-secret"])));
        Assert.Equal(3, storage.Requests.Count);
        Assert.All(storage.Requests, r =>
        {
            Assert.Null(r.Authorization);
            Assert.DoesNotContain("x-secret", r.Headers.Keys);
            Assert.EndsWith("?signature=1", r.Target, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    [InlineData("ftp://127.0.0.1/x")]
    public async Task A_redirect_to_a_forbidden_place_is_refused(string location)
    {
        ImageException error = await FailAsync(
            _ => new ScriptedResponse(302) { Headers = { ["Location"] = location } });

        Assert.Equal(ImageError.Unavailable, error.Error);
        Assert.Contains("redirects to", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirects_in_a_circle_end()
    {
        ImageException error = await FailAsync(
            r => new ScriptedResponse(302) { Headers = { ["Location"] = r.Target } });

        Assert.Contains("more than 10 redirects", error.Message, StringComparison.Ordinal);
    }

    private Func<ScriptedRequest, ScriptedResponse> Replacing(string path, ScriptedResponse response)
    {
        Func<ScriptedRequest, ScriptedResponse> serve = ScriptedServer.Serving(_image);
        return r => r.Path.EndsWith(path, StringComparison.Ordinal) ? response : serve(r);
    }

    private async Task<ImageException> FailAsync(Func<ScriptedRequest, ScriptedResponse> script)
    {
        await using var server = new ScriptedServer(script);
        return await _node.FailAsync($"{server.Host}/a/b:v1");
    }
}
