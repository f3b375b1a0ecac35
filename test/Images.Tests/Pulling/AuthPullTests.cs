// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Gantry.Kit.Images;
using Gantry.Kit.Registry;

namespace Gantry.Images.Tests.Pulling;

public sealed class AuthPullTests
{
    private static readonly RegistryCredentials s_right = new() { Username = TestRegistry.User, Password = TestRegistry.Password };

    [Fact]
    public async Task A_registry_with_basic_auth_takes_each_form_of_the_credentials()
    {
        Assert.SkipUnless(TestRegistry.Available, $"{TestRegistry.Program} is not installed");
        await using TestRegistry registry = await TestRegistry.StartAsync(new TestRegistryOptions { BasicAuth = true });
        TestImage image = Some.Image();
        string reference = await registry.PushAsync("private/a", "v1", image);
        string auth = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{TestRegistry.User}:{TestRegistry.Password}"));
        await using TestNode node = TestNode.Create();

        Assert.Equal(ImageError.Unauthorized, (await node.FailAsync(reference)).Error);
        ImageException wrong = await node.FailAsync(reference, s_right with { Password = "wrong" });
        Assert.Equal((ImageError.Unauthorized, 401), (wrong.Error, wrong.StatusCode));
        Assert.DoesNotContain("wrong", wrong.ToString(), StringComparison.Ordinal);
        ImageException elsewhere = await node.FailAsync(reference, s_right with { ServerAddress = "other.example.com" });
        Assert.Equal(ImageError.Unauthorized, elsewhere.Error);

        Assert.Equal(image.Id, (await node.PullAsync(reference, s_right)).Id);
        Assert.Equal(image.Id, (await node.PullAsync(reference, new RegistryCredentials { Auth = auth })).Id);
        Assert.Equal(image.Id, (await node.PullAsync(reference, s_right with { ServerAddress = $"http://{registry.Host}/v2/" })).Id);
        await File.WriteAllTextAsync(
            node.CredentialsFile, $$"""{ "auths": { "{{registry.Host}}": { "auth": "{{auth}}" } } }""", TestContext.Current.CancellationToken);
        Assert.Equal(image.Id, (await node.PullAsync(reference)).Id);
    }

    [Fact]
    public async Task Tls_is_checked_against_the_configured_authority()
    {
        Assert.SkipUnless(TestRegistry.Available, $"{TestRegistry.Program} is not installed");
        await using TestRegistry registry = await TestRegistry.StartAsync(new TestRegistryOptions { Tls = true, BasicAuth = true });
        TestImage image = Some.Image();
        string reference = await registry.PushAsync("tls/a", "v1", image);
        await using TestNode node = TestNode.Create();
        string server = $"server = \"{registry.Url}\"\n";

        node.WriteHosts(registry.Host, server);
        ImageException untrusted = await node.FailAsync(reference, s_right);
        Assert.Equal(ImageError.Unavailable, untrusted.Error);
        Assert.Contains("certificate", untrusted.Message, StringComparison.OrdinalIgnoreCase);

        node.WriteHosts(registry.Host, server + $"ca = \"{registry.Certificates!.Authority}\"\n");
        Assert.Equal(image.Id, (await node.PullAsync(reference, s_right)).Id);

        node.WriteHosts(registry.Host, server + "skip_verify = true\n");
        Assert.Equal(image.Id, (await node.PullAsync(reference, s_right)).Id);

        var other = new TestCertificates(Directory.CreateDirectory(Path.Combine(node.CertsDirectory, "other")).FullName);
        node.WriteHosts(registry.Host, server + $"ca = \"{other.Authority}\"\n");
        await Assert.ThrowsAsync<ImageException>(() => node.PullAsync(reference, s_right));
    }

    [Fact]
    public async Task A_client_certificate_is_shown_and_dockers_folder_of_certificates_is_read()
    {
        Assert.SkipUnless(TestRegistry.Available, $"{TestRegistry.Program} is not installed");
        await using TestRegistry registry = await TestRegistry.StartAsync(new TestRegistryOptions { Tls = true, ClientCertificate = true, Host = "localhost" });
        TestImage image = Some.Image();
        string reference = await registry.PushAsync("mtls/a", "v1", image);
        await using TestNode node = TestNode.Create();
        string folder = Directory.CreateDirectory(Path.Combine(node.CertsDirectory, registry.Host)).FullName;
        File.Copy(registry.Certificates!.Authority, Path.Combine(folder, "ca.crt"));

        Assert.Equal(ImageError.Unavailable, (await node.FailAsync(reference)).Error);
        File.Copy(registry.Certificates.ClientCertificate, Path.Combine(folder, "client.cert"));
        File.Copy(registry.Certificates.ClientKey, Path.Combine(folder, "client.key"));
        Assert.Equal(image.Id, (await node.PullAsync(reference)).Id);

        File.Delete(Path.Combine(folder, "client.key"));
        node.WriteHosts(
            registry.Host,
            $"server = \"{registry.Url}\"\nca = \"{registry.Certificates.Authority}\"\nclient = [[\"{registry.Certificates.ClientCertificate}\", \"{registry.Certificates.ClientKey}\"]]\n");
        Assert.Equal(image.Id, (await node.PullAsync(reference)).Id);
    }

    [Fact]
    public async Task A_bearer_token_is_fetched_without_credentials_and_used_for_everything()
    {
        TestImage image = Some.Image();
        await using var tokens = new ScriptedServer(_ => Json("""{"token":"T1","expires_in":60}"""));
        await using var registry = new ScriptedServer(Guarded(image, tokens.Url, "Bearer T1"));
        await using TestNode node = TestNode.Create();

        await node.PullAsync($"{registry.Host}/a/b:v1");

        ScriptedRequest asked = Assert.Single(tokens.Requests);
        Assert.Equal("GET", asked.Method);
        Assert.Equal("/token?service=reg&scope=repository%3Aa%2Fb%3Apull", asked.Target);
        Assert.Null(asked.Authorization);
        Assert.Equal(1, registry.Requests.Count(r => r.Authorization is null));
    }

    [Fact]
    public async Task A_name_and_password_go_to_the_token_server_and_not_to_the_registry()
    {
        TestImage image = Some.Image();
        await using var tokens = new ScriptedServer(_ => Json("""{"access_token":"T2"}"""));
        await using var registry = new ScriptedServer(Guarded(image, tokens.Url, "Bearer T2"));
        await using TestNode node = TestNode.Create();

        await node.PullAsync($"{registry.Host}/a/b:v1", new RegistryCredentials { Username = "u", Password = "p" });

        ScriptedRequest asked = Assert.Single(tokens.Requests);
        Assert.Equal("Basic " + Convert.ToBase64String("u:p"u8), asked.Authorization);
        Assert.Contains("account=u", asked.Target, StringComparison.Ordinal);
        Assert.DoesNotContain(registry.Requests, r => r.Authorization?.StartsWith("Basic", StringComparison.Ordinal) ?? false);
    }

    [Fact]
    public async Task An_identity_token_is_traded_for_an_access_token()
    {
        TestImage image = Some.Image();
        await using var tokens = new ScriptedServer(_ => Json("""{"access_token":"T3"}"""));
        await using var registry = new ScriptedServer(Guarded(image, tokens.Url, "Bearer T3"));
        await using TestNode node = TestNode.Create();

        await node.PullAsync($"{registry.Host}/a/b:v1", new RegistryCredentials { IdentityToken = "refresh me" });

        ScriptedRequest asked = Assert.Single(tokens.Requests);
        Assert.Equal("POST", asked.Method);
        Assert.Contains("grant_type=refresh_token", asked.Body, StringComparison.Ordinal);
        Assert.Contains("refresh_token=refresh+me", asked.Body, StringComparison.Ordinal);
        Assert.Contains("service=reg", asked.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_token_is_sent_as_it_is()
    {
        TestImage image = Some.Image();
        await using var registry = new ScriptedServer(Guarded(image, "http://127.0.0.1:1", "Bearer direct"));
        await using TestNode node = TestNode.Create();

        await node.PullAsync($"{registry.Host}/a/b:v1", new RegistryCredentials { RegistryToken = "direct" });

        Assert.All(registry.Requests, r => Assert.Equal("Bearer direct", r.Authorization));
    }

    [Fact]
    public async Task An_expired_token_is_replaced_in_the_middle_of_a_pull()
    {
        TestImage image = Some.Image();
        int issued = 0;
        await using var tokens = new ScriptedServer(_ => Json($$"""{"token":"T{{Interlocked.Increment(ref issued)}}"}"""));
        Func<ScriptedRequest, ScriptedResponse> serve = ScriptedServer.Serving(image);
        await using var registry = new ScriptedServer(r =>
            r.Authorization == (r.Path.Contains("/manifests/", StringComparison.Ordinal) ? "Bearer T1" : "Bearer T2")
                ? serve(r)
                : Challenge(tokens.Url));
        await using TestNode node = TestNode.Create();

        Assert.Equal(image.Id, (await node.PullAsync($"{registry.Host}/a/b:v1")).Id);

        Assert.Equal(2, issued);
    }

    [Fact]
    public async Task A_token_that_is_refused_again_is_an_error_not_a_loop()
    {
        await using var tokens = new ScriptedServer(_ => Json("""{"token":"useless"}"""));
        await using var registry = new ScriptedServer(_ => Challenge(tokens.Url));
        await using TestNode node = TestNode.Create();

        ImageException error = await node.FailAsync($"{registry.Host}/a/b:v1");

        Assert.Equal(ImageError.Unauthorized, error.Error);
        Assert.InRange(registry.Requests.Count, 1, 10);
    }

    [Fact]
    public async Task A_token_server_that_refuses_is_named_with_its_words()
    {
        await using var tokens = new ScriptedServer(_ => Json("""{"details":"incorrect username or password"}""") with { Status = 401 });
        await using var registry = new ScriptedServer(_ => Challenge(tokens.Url));
        await using TestNode node = TestNode.Create();

        ImageException error = await node.FailAsync($"{registry.Host}/a/b:v1");

        Assert.Equal(ImageError.Unauthorized, error.Error);
        Assert.Contains($"{tokens.Host} answered 401", error.Message, StringComparison.Ordinal);
        Assert.Contains("incorrect username or password", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("http://169.254.169.254/latest")]
    [InlineData("nonsense")]
    public async Task A_realm_that_is_no_token_server_is_not_asked(string realm)
    {
        await using var registry = new ScriptedServer(_ => new ScriptedResponse(401)
        {
            Headers = { ["WWW-Authenticate"] = $"Bearer realm=\"{realm}\",service=\"reg\"" },
        });
        await using TestNode node = TestNode.Create();

        ImageException error = await node.FailAsync($"{registry.Host}/a/b:v1");

        Assert.Equal(ImageError.Unauthorized, error.Error);
        Assert.Contains(realm, error.Message, StringComparison.Ordinal);
    }

    private static ScriptedResponse Json(string body) => new(200)
    {
        Body = Encoding.UTF8.GetBytes(body),
        Headers = { ["Content-Type"] = "application/json" },
    };

    private static ScriptedResponse Challenge(string tokens) => new(401)
    {
        Headers = { ["WWW-Authenticate"] = $"Bearer realm=\"{tokens}/token\",service=\"reg\"" },
    };

    private static Func<ScriptedRequest, ScriptedResponse> Guarded(TestImage image, string tokens, string authorization)
    {
        Func<ScriptedRequest, ScriptedResponse> serve = ScriptedServer.Serving(image);
        return request => request.Authorization == authorization ? serve(request) : Challenge(tokens);
    }
}
