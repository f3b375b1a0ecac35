// SPDX-License-Identifier: Apache-2.0
using System.Text;
using CsCheck;
using Gantry.Images.Distribution;
using Gantry.Kit;

namespace Gantry.Images.Tests.Distribution;

public sealed class AuthTests : IDisposable
{
    private readonly TempRoot _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void A_bearer_challenge_is_read()
    {
        AuthChallenge challenge = Assert.Single(AuthChallenge.Parse(
            "Bearer realm=\"https://auth.docker.io/token\",service=registry.docker.io, scope=\"repository:a/b:pull,push\""));

        Assert.Equal("bearer", challenge.Scheme);
        Assert.Equal("https://auth.docker.io/token", challenge.Parameters["realm"]);
        Assert.Equal("registry.docker.io", challenge.Parameters["service"]);
        Assert.Equal("repository:a/b:pull,push", challenge.Parameters["scope"]);
    }

    [Theory]
    [InlineData("Basic realm=\"a \\\"b\\\", c\"", "basic:a \"b\", c")]
    [InlineData("Negotiate, Basic realm=x", "negotiate:|basic:x")]
    [InlineData("BASIC Realm = \"x\" , Bearer realm=\"y\"", "basic:x|bearer:y")]
    [InlineData("", "")]
    [InlineData(",,,", "")]
    [InlineData("Bearer realm=\"unfinished", "bearer:unfinished")]
    [InlineData("Bearer realm=", "bearer:")]
    public void Several_challenges_and_odd_ones_are_read(string header, string expected) =>
        Assert.Equal(
            expected,
            string.Join('|', AuthChallenge.Parse(header).Select(c => $"{c.Scheme}:{c.Parameters.GetValueOrDefault("realm")}")));

    [Fact]
    public void Any_header_is_read_to_its_end() => Gen.Char["aB=\", \\;\t"].Array[0, 40]
        .Sample(chars => AuthChallenge.Parse(new string(chars)).Count <= 16);

    [Theory]
    [InlineData("https://q.io/v2/", "https://auth.q.io/token", true)]
    [InlineData("https://q.io/v2/", "http://auth.q.io/token", false)]
    [InlineData("https://q.io/v2/", "http://127.0.0.1/token", false)]
    [InlineData("https://q.io/v2/", "https://169.254.169.254/latest", false)]
    [InlineData("https://q.io/v2/", "https://[fe80::1]/x", false)]
    [InlineData("https://q.io/v2/", "https://[::ffff:169.254.169.254]/x", false)]
    [InlineData("https://q.io/v2/", "file:///etc/passwd", false)]
    [InlineData("https://q.io/v2/", "https://u:p@auth.q.io/", false)]
    [InlineData("https://q.io/v2/", "/token", false)]
    [InlineData("https://q.io/v2/", "", false)]
    [InlineData("http://127.0.0.1:5000/v2/", "http://127.0.0.1:5001/token", true)]
    [InlineData("http://10.0.0.1:5000/v2/", "http://169.254.169.254/latest", false)]
    [InlineData("http://10.0.0.1:5000/v2/", "gopher://10.0.0.1/", false)]
    public void A_token_server_is_asked_only_where_the_registry_may_send_us(string registry, string realm, bool accepted)
    {
        var host = new RegistryHost { Base = new Uri(registry) };

        if (accepted)
        {
            Assert.Equal(realm, TokenClient.CheckRealm(host, realm).ToString());
        }
        else
        {
            Assert.Equal(ImageError.Unauthorized, Assert.Throws<ImageException>(() => TokenClient.CheckRealm(host, realm)).Error);
        }
    }

    [Fact]
    public void The_auth_field_is_base64_of_name_and_password()
    {
        string auth = Convert.ToBase64String(Encoding.UTF8.GetBytes("user:pa:ss\0\0"));

        HostCredentials credentials = HostCredentials.From(new RegistryCredentials { Auth = auth }, "auth");

        Assert.Equal(("user", "pa:ss"), (credentials.BasicUser, credentials.BasicPassword));
    }

    [Theory]
    [InlineData("!!!")]
    [InlineData("dXNlcg==")]
    public void A_wrong_auth_field_is_refused_without_repeating_it(string auth)
    {
        var error = Assert.Throws<ImageException>(() => HostCredentials.From(new RegistryCredentials { Auth = auth }, "auth"));

        Assert.Equal("auth.auth: base64 of user:password", error.Message);
    }

    [Fact]
    public void The_longest_entry_of_the_credentials_file_that_fits_is_taken()
    {
        File.WriteAllText(
            _root["auth.json"],
            """
            {"auths":{
              "https://index.docker.io/v1/":{"username":"hub","password":"1"},
              "q.io":{"username":"all","password":"2"},
              "q.io/team":{"username":"team","password":"3"},
              "https://r.io:5000":{"identitytoken":"t"}},
             "credsStore":"desktop"}
            """);
        var file = new CredentialsFile(_root["auth.json"]);

        Assert.Equal("hub", file.Find("docker.io", "library/busybox").BasicUser);
        Assert.Equal("hub", file.Find("registry-1.docker.io", "library/busybox").BasicUser);
        Assert.Equal("all", file.Find("q.io", "teamwork/a").BasicUser);
        Assert.Equal("team", file.Find("q.io", "team/a").BasicUser);
        Assert.Equal("t", file.Find("r.io:5000", "a").IdentityToken);
        Assert.Equal(HostCredentials.None, file.Find("r.io", "a"));
        Assert.Equal(HostCredentials.None, new CredentialsFile(_root["absent"]).Find("q.io", "a"));
    }

    [Fact]
    public void A_wrong_credentials_file_is_an_error_with_its_line()
    {
        File.WriteAllText(_root["auth.json"], "{\n\"auths\": [\n]}");

        var error = Assert.Throws<ImageException>(() => new CredentialsFile(_root["auth.json"]).Find("q.io", "a"));

        Assert.Equal(ImageError.InvalidConfiguration, error.Error);
        Assert.StartsWith($"{_root["auth.json"]}:2: $.auths", error.Message, StringComparison.Ordinal);
    }
}
