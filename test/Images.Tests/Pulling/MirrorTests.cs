// SPDX-License-Identifier: Apache-2.0
using Gantry.Kit.Images;
using Gantry.Kit.Registry;

namespace Gantry.Images.Tests.Pulling;

public sealed class MirrorTests
{
    private readonly TestImage _image = Some.Image();

    [Fact]
    public async Task A_mirror_serves_everything_and_is_told_the_registrys_name()
    {
        await using var mirror = new ScriptedServer(ScriptedServer.Serving(_image));
        await using TestNode node = TestNode.Create();
        node.WriteHosts("registry.example", $"server = \"http://127.0.0.1:1\"\n[host.\"{mirror.Url}\"]\n");

        ImageRecord record = await node.PullAsync("registry.example/a/b:v1");

        Assert.Equal(["registry.example/a/b:v1"], record.RepoTags);
        Assert.All(mirror.Requests, r => Assert.EndsWith("?ns=registry.example", r.Target, StringComparison.Ordinal));
        Assert.All(mirror.Requests, r => Assert.StartsWith("/v2/a/b/", r.Target, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_dead_mirror_is_passed_over()
    {
        await using var registry = new ScriptedServer(ScriptedServer.Serving(_image));
        await using TestNode node = TestNode.Create();
        node.WriteHosts(registry.Host, $"server = \"{registry.Url}\"\n[host.\"http://127.0.0.1:1\"]\ndial_timeout = \"1s\"\n");

        Assert.Equal(_image.Id, (await node.PullAsync($"{registry.Host}/a/b:v1")).Id);
    }

    [Theory]
    [InlineData(404)]
    [InlineData(403)]
    [InlineData(400)]
    [InlineData(500)]
    public async Task A_mirror_that_refuses_is_passed_over(int status)
    {
        await using var mirror = new ScriptedServer(_ => new ScriptedResponse(status));
        await using var registry = new ScriptedServer(ScriptedServer.Serving(_image));
        await using TestNode node = TestNode.Create();
        node.WriteHosts(registry.Host, $"server = \"{registry.Url}\"\n[host.\"{mirror.Url}\"]\n");

        Assert.Equal(_image.Id, (await node.PullAsync($"{registry.Host}/a/b:v1")).Id);
        Assert.NotEmpty(mirror.Requests);
    }

    [Fact]
    public async Task A_mirror_that_lies_about_content_is_passed_over()
    {
        TestImage wrong = Some.Image();
        await using var mirror = new ScriptedServer(r => r.Method == "HEAD"
            ? ScriptedResponse.Blob(_image.Manifest, _image.MediaType)
            : ScriptedResponse.Blob(r.Path.Contains("/manifests/", StringComparison.Ordinal) ? wrong.Manifest : wrong.Config, _image.MediaType));
        await using var registry = new ScriptedServer(ScriptedServer.Serving(_image));
        await using TestNode node = TestNode.Create();
        node.WriteHosts(registry.Host, $"server = \"{registry.Url}\"\n[host.\"{mirror.Url}\"]\n");

        Assert.Equal(_image.Id, (await node.PullAsync($"{registry.Host}/a/b:v1")).Id);
    }

    [Fact]
    public async Task A_mirror_that_may_not_resolve_is_not_asked_for_tags()
    {
        Func<ScriptedRequest, ScriptedResponse> serve = ScriptedServer.Serving(_image);
        await using var mirror = new ScriptedServer(serve);
        await using var registry = new ScriptedServer(serve);
        await using TestNode node = TestNode.Create();
        node.WriteHosts(registry.Host, $"server = \"{registry.Url}\"\n[host.\"{mirror.Url}\"]\ncapabilities = [\"pull\"]\n");

        await node.PullAsync($"{registry.Host}/a/b:v1");

        Assert.Equal("HEAD", Assert.Single(registry.Requests).Method);
        Assert.DoesNotContain(mirror.Requests, r => r.Path.EndsWith("/manifests/v1", StringComparison.Ordinal));
        Assert.Equal(4, mirror.Requests.Count);
    }

    [Fact]
    public async Task A_mirror_does_not_get_the_credentials_of_the_registry()
    {
        await using var mirror = new ScriptedServer(_ => new ScriptedResponse(401) { Headers = { ["WWW-Authenticate"] = "Basic realm=\"m\"" } });
        Func<ScriptedRequest, ScriptedResponse> serve = ScriptedServer.Serving(_image);
        await using var registry = new ScriptedServer(r => r.Authorization is null
            ? new ScriptedResponse(401) { Headers = { ["WWW-Authenticate"] = "Basic realm=\"r\"" } }
            : serve(r));
        await using TestNode node = TestNode.Create();
        node.WriteHosts(registry.Host, $"server = \"{registry.Url}\"\n[host.\"{mirror.Url}\"]\n");

        await node.PullAsync($"{registry.Host}/a/b:v1", new RegistryCredentials { Username = "u", Password = "p" });

        Assert.NotEmpty(mirror.Requests);
        Assert.All(mirror.Requests, r => Assert.Null(r.Authorization));
    }

    [Fact]
    public async Task When_all_hosts_fail_each_is_named_and_the_registry_decides_the_kind()
    {
        await using var mirror = new ScriptedServer(_ => new ScriptedResponse(500));
        await using var registry = new ScriptedServer(_ => new ScriptedResponse(404));
        await using TestNode node = TestNode.Create();
        node.WriteHosts(registry.Host, $"server = \"{registry.Url}\"\n[host.\"{mirror.Url}\"]\n");

        ImageException error = await node.FailAsync($"{registry.Host}/a/b:v1");

        Assert.Equal(ImageError.NotFound, error.Error);
        Assert.Contains($"{mirror.Host} answered 500", error.Message, StringComparison.Ordinal);
        Assert.Contains($"{registry.Host} answered 404", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_hosts_file_fails_the_pull_with_its_line()
    {
        await using TestNode node = TestNode.Create();
        node.WriteHosts("registry.example", "server = \"https://registry.example\"\ncapabilites = [\"pull\"]\n");

        ImageException error = await node.FailAsync("registry.example/a/b:v1");

        Assert.Equal(ImageError.InvalidConfiguration, error.Error);
        Assert.Contains("hosts.toml:2: unknown key \"capabilites\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_overloaded_registry_is_asked_again()
    {
        int times = 0;
        Func<ScriptedRequest, ScriptedResponse> serve = ScriptedServer.Serving(_image);
        await using var registry = new ScriptedServer(r => Interlocked.Increment(ref times) % 2 == 1
            ? new ScriptedResponse(times % 4 == 1 ? 429 : 503) { Headers = { ["Retry-After"] = "0" } }
            : serve(r));
        await using TestNode node = TestNode.Create();

        Assert.Equal(_image.Id, (await node.PullAsync($"{registry.Host}/a/b:v1")).Id);
    }
}
