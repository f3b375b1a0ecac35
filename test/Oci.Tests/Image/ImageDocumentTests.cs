// SPDX-License-Identifier: Apache-2.0
using System.Text;
using CsCheck;
using Gantry.Oci.Image;

namespace Gantry.Oci.Tests.Image;

public sealed class ImageDocumentTests
{
    private const string Sha = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private const string GoodManifest =
        $$"""
        {"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}",
         "config":{"mediaType":"{{MediaTypes.OciConfig}}","digest":"{{Sha}}","size":2},
         "layers":[{"mediaType":"{{MediaTypes.OciLayerGzip}}","digest":"{{Sha}}","size":3}]}
        """;

    [Fact]
    public void A_manifest_is_told_from_an_index()
    {
        string index = $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","manifests":[]}""";

        Assert.Equal(MediaTypes.OciManifest, ImageDocument.MediaTypeOf(Utf8(GoodManifest), MediaTypes.OciManifest));
        Assert.Equal(MediaTypes.OciManifest, ImageDocument.MediaTypeOf(Utf8(GoodManifest), "application/json"));
        Assert.Equal(MediaTypes.OciIndex, ImageDocument.MediaTypeOf(Utf8(index), null));
        Assert.Equal(3, Assert.Single(ImageDocument.ReadManifest(Utf8(GoodManifest)).Layers!).Size);
    }

    [Theory]
    [InlineData(MediaTypes.OciManifest)]
    [InlineData(MediaTypes.OciIndex)]
    public void CVE_2021_41190_a_document_with_both_layers_and_manifests_is_refused(string mediaType)
    {
        string both = $$"""{"schemaVersion":2,"mediaType":"{{mediaType}}","layers":[],"manifests":[]}""";

        var error = Assert.Throws<ImageDocumentException>(() => ImageDocument.MediaTypeOf(Utf8(both), mediaType));

        Assert.Contains("both manifests and layers", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CVE_2021_41190_a_member_given_twice_is_refused()
    {
        string twice = GoodManifest.Replace("\"layers\":", "\"layers\":[],\"layers\":", StringComparison.Ordinal);

        Assert.Throws<ImageDocumentException>(() => ImageDocument.MediaTypeOf(Utf8(twice), null));
        Assert.Throws<ImageDocumentException>(() => ImageDocument.ReadManifest(Utf8(twice)));
    }

    [Theory]
    [InlineData(MediaTypes.DockerManifest)]
    [InlineData(MediaTypes.OciIndex)]
    [InlineData("application/vnd.unknown+json")]
    public void CVE_2021_41190_a_media_type_other_than_the_announced_one_is_refused(string announced)
    {
        var error = Assert.Throws<ImageDocumentException>(() => ImageDocument.MediaTypeOf(Utf8(GoodManifest), announced));

        Assert.Contains(announced, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"schemaVersion\":1,\"fsLayers\":[]}", null)]
    [InlineData("{\"schemaVersion\":1,\"fsLayers\":[]}", MediaTypes.DockerSchema1Signed)]
    [InlineData("{\"schemaVersion\":2}", MediaTypes.DockerSchema1)]
    public void Schema_1_is_refused_by_name(string document, string? contentType)
    {
        var error = Assert.Throws<ImageDocumentException>(() => ImageDocument.MediaTypeOf(Utf8(document), contentType));

        Assert.True(error.Unsupported);
        Assert.Contains("schema 1", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"size\":3", "\"size\":-1", "layers[0].size -1")]
    [InlineData("\"size\":3", "\"size\":3.5", "$.layers[0].size")]
    [InlineData("\"size\":3", "\"size\":99999999999999999999", "$.layers[0].size")]
    [InlineData("\"size\":2", "\"size\":99999999", "config.size 99999999: at most 4194304")]
    [InlineData("\"schemaVersion\":2", "\"schemaVersion\":3", "schemaVersion 3")]
    [InlineData(MediaTypes.OciConfig, "application/vnd.cncf.helm.config.v1+json", "not a container image")]
    [InlineData(MediaTypes.OciLayerGzip, "application/x-lzma", "layers[0].mediaType \"application/x-lzma\"")]
    [InlineData("[{", "[null,{", "layers[0].digest: missing")]
    public void A_wrong_field_is_named(string replace, string by, string expected)
    {
        string document = GoodManifest.Replace(replace, by, StringComparison.Ordinal);

        var error = Assert.Throws<ImageDocumentException>(() => ImageDocument.ReadManifest(Utf8(document)));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CVE_2026_95839_malformed_descriptor_digests_are_refused_not_crashed_on()
    {
        Gen.String.Sample(text =>
        {
            string quoted = System.Text.Json.JsonSerializer.Serialize(text);
            string document = GoodManifest.Replace($"\"{Sha}\"", quoted, StringComparison.Ordinal);
            Assert.Throws<ImageDocumentException>(() => ImageDocument.ReadManifest(Utf8(document)));
        });
    }

    [Fact]
    public void CVE_2026_95839_any_descriptor_value_is_read_or_refused()
    {
        string[] values = ["null", "1", "-1", "\"\"", "[]", "{}", "true", "1e400", "\"sha256:\"", "\"\\ud800\"", "9223372036854775808"];
        string[] fields = ["mediaType", "digest", "size", "platform", "annotations"];
        foreach (string field in fields)
        {
            foreach (string value in values)
            {
                string entry = $$"""{"{{field}}":{{value}}}""";
                string index = $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","manifests":[{{entry}}]}""";
                Assert.Throws<ImageDocumentException>(() => ImageDocument.ReadIndex(Utf8(index)));
            }
        }
    }

    [Fact]
    public void CVE_2026_53494_an_index_of_a_hundred_thousand_entries_is_refused()
    {
        string entry = $$"""{"digest":"{{Sha}}","size":1}""";
        string index = $$"""{"schemaVersion":2,"manifests":[{{string.Join(',', Enumerable.Repeat(entry, 100_000))}}]}""";

        var error = Assert.Throws<ImageDocumentException>(() => ImageDocument.ReadIndex(Utf8(index)));

        Assert.Contains("at most", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CVE_2023_25153_a_document_over_4_MiB_is_refused_unread()
    {
        byte[] large = new byte[ImageDocument.MaxBytes + 1];

        Assert.Throws<ImageDocumentException>(() => ImageDocument.MediaTypeOf(large, null));
        Assert.Throws<ImageDocumentException>(() => ImageDocument.ReadConfig(large));
    }

    [Fact]
    public void A_deeply_nested_document_is_refused()
    {
        string deep = "{\"a\":" + new string('[', 100_000);

        Assert.Throws<ImageDocumentException>(() => ImageDocument.MediaTypeOf(Utf8(deep), null));
    }

    [Fact]
    public void Any_bytes_are_read_or_refused() => Gen.Byte.Array[0, 200].Sample(bytes =>
    {
        try
        {
            ImageDocument.MediaTypeOf(bytes, null);
            return true;
        }
        catch (ImageDocumentException)
        {
            return true;
        }
    });

    [Fact]
    public void A_configuration_gives_what_a_container_needs()
    {
        string document =
            $$$"""
            {"architecture":"amd64","os":"linux","created":"2024-01-02T03:04:05.678901234Z",
             "config":{"User":"app:extra","Env":["A=1"],"Entrypoint":["/e"],"Cmd":null,"WorkingDir":"/w","StopSignal":"SIGQUIT",
              "Volumes":{"/data":{},"/more":null},"ExposedPorts":{"80/tcp":{}},"Labels":{"k":"v"}},
             "rootfs":{"type":"layers","diff_ids":["{{{Sha}}}"]}}
            """;

        ImageConfig config = ImageDocument.ReadConfig(Utf8(document));

        Assert.Equal("app:extra", config.Run.User);
        Assert.Equal(["A=1"], config.Run.Env!);
        Assert.Equal(["/e"], config.Run.Entrypoint!);
        Assert.Null(config.Run.Cmd);
        Assert.Equal(["/data", "/more"], config.Run.Volumes!);
        Assert.Equal(["80/tcp"], config.Run.ExposedPorts!);
        Assert.Equal("v", config.Run.Labels!["k"]);
        Assert.Equal("SIGQUIT", config.Run.StopSignal);
        Assert.Equal(Digest.Parse(Sha), Assert.Single(config.Rootfs!.DiffIds!));
    }

    [Theory]
    [InlineData("{}", "rootfs.diff_ids: missing")]
    [InlineData("null", "null")]
    [InlineData("{\"rootfs\":{\"diff_ids\":[\"x\"]}}", "$.rootfs.diff_ids[0]")]
    [InlineData("{\"rootfs\":{\"diff_ids\":[]},\"config\":{\"Env\":[null]}}", "config.Env: strings, found null")]
    [InlineData("{\"rootfs\":{\"diff_ids\":[]},\"config\":{\"Volumes\":[\"/a\"]}}", "$.config.Volumes")]
    [InlineData("{\"rootfs\":{\"type\":\"vm\",\"diff_ids\":[]}}", "rootfs.type \"vm\": layers")]
    public void A_wrong_configuration_is_refused_by_field(string document, string expected)
    {
        var error = Assert.Throws<ImageDocumentException>(() => ImageDocument.ReadConfig(Utf8(document)));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
