// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;
using System.Text.Json.Nodes;
using Gantry.Oci.Runtime;

namespace Gantry.Oci.Tests.Runtime;

public sealed class RuntimeSpecJsonTests
{
    [Theory]
    [InlineData("everything.json")]
    [InlineData("minimal.json")]
    public void A_document_survives_reading_and_writing(string name)
    {
        string text = SpecDocuments.Read(name);

        Spec spec = Parse(text);
        string written = JsonSerializer.Serialize(spec, RuntimeSpecJson.Default.Spec);

        Assert.True(JsonNode.DeepEquals(WithoutFalse(JsonNode.Parse(text)), WithoutFalse(JsonNode.Parse(written))), written);
    }

    [Fact]
    public void Names_are_those_of_the_specification()
    {
        Spec spec = Parse(SpecDocuments.Read("everything.json"));

        Assert.Equal(0x1ffu, spec.Linux!.Devices![0].FileMode);
        Assert.Equal(1000u, spec.Linux.UidMappings![0].HostId);
        Assert.Equal(500ul, spec.Linux.Resources!.BlockIo!.ThrottleReadIopsDevice![0].Rate);
        Assert.True(spec.Linux.Resources.Memory!.DisableOomKiller);
        Assert.Equal("0-1", spec.Process!.ExecCpuAffinity!.Initial);
        Assert.Equal(52u, spec.Linux.Seccomp!.Syscalls![1].ErrnoRet);
        Assert.Equal("ctr0", spec.Linux.NetDevices!["eth1"].Name);
        Assert.Equal("MPOL_BIND", spec.Linux.MemoryPolicy!.Mode);
        Assert.Equal(4u, spec.Vm!.HwConfig!.Vcpus);
    }

    [Fact]
    public void An_absent_value_stays_absent()
    {
        Spec spec = Parse("""{"ociVersion":"1.2.0","linux":{"resources":{"memory":{}}}}""");

        Assert.Null(spec.Linux!.Resources!.Memory!.Limit);
        Assert.Equal(
            """{"ociVersion":"1.2.0","linux":{"resources":{"memory":{}}}}""",
            JsonSerializer.Serialize(spec, RuntimeSpecJson.Default.Spec));
    }

    [Fact]
    public void Unknown_properties_are_ignored()
    {
        Spec spec = Parse("""{"ociVersion":"1.3.0","windows":{"layerFolders":[]},"x":1}""");

        Assert.Equal("1.3.0", spec.OciVersion);
    }

    [Theory]
    [InlineData("{}", "ociVersion")]
    [InlineData("""{"ociVersion":"1.2.0","process":{"cwd":"/","user":{"uid":4294967296,"gid":0}}}""", "$.process.user.uid")]
    [InlineData("""{"ociVersion":"1.2.0","process":{"cwd":"/","user":{"uid":-1,"gid":0}}}""", "$.process.user.uid")]
    [InlineData("""{"ociVersion":"1.2.0","process":{"cwd":null}}""", "cwd")]
    [InlineData("""{"ociVersion":"1.2.0","process":{"args":["a"]}}""", "cwd")]
    [InlineData("""{"ociVersion":"1.2.0","hostname":"a","hostname":"b"}""", "hostname")]
    [InlineData("""{"ociVersion":"1.2.0","mounts":[{"type":"tmpfs"}]}""", "destination")]
    [InlineData("""{"ociVersion":"1.2.0","linux":{"resources":{"memory":{"limit":9223372036854775808}}}}""", "$.linux.resources.memory.limit")]
    public void A_wrong_document_is_refused_with_the_property_named(string text, string expected)
    {
        var error = Assert.Throws<JsonException>(() => Parse(text));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Depth_is_bounded()
    {
        string text = """{"ociVersion":"1.2.0","x":""" + new string('[', 100_000) + new string(']', 100_000) + "}";

        Assert.Throws<JsonException>(() => Parse(text));
    }

    [Fact]
    public void State_has_the_properties_that_hooks_read()
    {
        State state = new() { OciVersion = "1.2.0", Id = "c1", Status = "created", Pid = 42, Bundle = "/b" };

        string text = JsonSerializer.Serialize(state, RuntimeSpecJson.Default.State);

        Assert.Equal("""{"ociVersion":"1.2.0","id":"c1","status":"created","pid":42,"bundle":"/b"}""", text);
        Assert.Equal(state, JsonSerializer.Deserialize(text, RuntimeSpecJson.Default.State));
    }

    private static Spec Parse(string text) => JsonSerializer.Deserialize(text, RuntimeSpecJson.Default.Spec)!;

    // Properties whose default is false or 0 are written although the document did not hold them: same meaning.
    private static JsonNode? WithoutFalse(JsonNode? node)
    {
        if (node is JsonArray array)
        {
            foreach (JsonNode? item in array)
            {
                WithoutFalse(item);
            }
        }

        if (node is JsonObject fields)
        {
            foreach ((string key, JsonNode? value) in fields.ToList())
            {
                WithoutFalse(value);
                if (value is JsonValue v && (v.ToJsonString() is "false" or "0"))
                {
                    fields.Remove(key);
                }
            }
        }

        return node;
    }
}
