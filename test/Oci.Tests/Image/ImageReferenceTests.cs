// SPDX-License-Identifier: Apache-2.0
using CsCheck;
using Gantry.Oci.Image;

namespace Gantry.Oci.Tests.Image;

public sealed class ImageReferenceTests
{
    private const string Sha = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Theory]
    [InlineData("busybox", "docker.io/library/busybox:latest", "busybox:latest")]
    [InlineData("busybox:1.36", "docker.io/library/busybox:1.36", "busybox:1.36")]
    [InlineData("docker.io/busybox", "docker.io/library/busybox:latest", "busybox:latest")]
    [InlineData("index.docker.io/library/busybox", "docker.io/library/busybox:latest", "busybox:latest")]
    [InlineData("gantry/web", "docker.io/gantry/web:latest", "gantry/web:latest")]
    [InlineData("library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest")]
    [InlineData("localhost/web", "localhost/web:latest", "localhost/web:latest")]
    [InlineData("localhost:5000/web:v1", "localhost:5000/web:v1", "localhost:5000/web:v1")]
    [InlineData("quay.io/a/b/c:x_y.z-1", "quay.io/a/b/c:x_y.z-1", "quay.io/a/b/c:x_y.z-1")]
    [InlineData("Example.COM/web", "Example.COM/web:latest", "Example.COM/web:latest")]
    [InlineData("UPPER/web", "UPPER/web:latest", "UPPER/web:latest")]
    [InlineData("[::1]:5000/web", "[::1]:5000/web:latest", "[::1]:5000/web:latest")]
    [InlineData("[2001:db8::1]/web", "[2001:db8::1]/web:latest", "[2001:db8::1]/web:latest")]
    [InlineData("busybox@" + Sha, "docker.io/library/busybox@" + Sha, "busybox@" + Sha)]
    [InlineData("q.io/a:t@" + Sha, "q.io/a:t@" + Sha, "q.io/a:t@" + Sha)]
    [InlineData("x/a__b.c---d/e", "docker.io/x/a__b.c---d/e:latest", "x/a__b.c---d/e:latest")]
    public void A_reference_has_a_canonical_and_a_familiar_form(string text, string canonical, string familiar)
    {
        ImageReference reference = ImageReference.Parse(text);

        Assert.Equal(canonical, reference.ToString());
        Assert.Equal(familiar, reference.Familiar);
        Assert.Equal(reference, ImageReference.Parse(reference.ToString()));
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("Busybox", "repository name (library/Busybox) must be lowercase")]
    [InlineData("q.io/Busybox", "repository name (Busybox) must be lowercase")]
    [InlineData("busybox:", "tag: 1 to 128")]
    [InlineData("busybox:.a", "tag: 1 to 128")]
    [InlineData("busybox:a b", "tag: 1 to 128")]
    [InlineData("busybox@sha256:12", "digest: sha256:<64")]
    [InlineData("busybox@md5:d41d8cd98f00b204e9800998ecf8427e", "digest: sha256:<64")]
    [InlineData("busy box", "path: components")]
    [InlineData("a//b", "path: components")]
    [InlineData("/a", "path: components")]
    [InlineData("a/", "path: components")]
    [InlineData("a..b", "path: components")]
    [InlineData("a___b", "path: components")]
    [InlineData("a._b", "path: components")]
    [InlineData("-a", "path: components")]
    [InlineData("a-", "path: components")]
    [InlineData("../etc", "domain: letters")]
    [InlineData("q.io/../etc", "path: components")]
    [InlineData("q..io/a", "domain: letters")]
    [InlineData("-q.io/a", "domain: letters")]
    [InlineData("q.io:0/a", "port: 1 to 65535")]
    [InlineData("q.io:99999/a", "port: 1 to 65535")]
    [InlineData("q.io:/a", "port: 1 to 65535")]
    [InlineData("[::g]:5000/a", "domain: letters")]
    [InlineData("[fe80::1%25eth0]/a", "domain: letters")]
    [InlineData("https://q.io/a", "port: 1 to 65535")]
    [InlineData("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "image id")]
    public void What_is_no_reference_is_refused_with_the_reason(string text, string reason)
    {
        FormatException error = Assert.Throws<FormatException>(() => ImageReference.Parse(text));

        Assert.StartsWith($"image reference \"{text}\": inv", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_are_bounded()
    {
        Assert.True(ImageReference.TryParse("q.io/" + new string('a', 250), out _, out _));
        Assert.False(ImageReference.TryParse("q.io/" + new string('a', 251), out _, out string? name));
        Assert.Contains("255 characters", name, StringComparison.Ordinal);
        Assert.False(ImageReference.TryParse(new string('a', 1_000_000), out _, out string? huge));
        Assert.True(huge.Length < 400);
    }

    [Fact]
    public void Any_text_is_refused_or_survives_a_round_trip()
    {
        Gen<string> text = Gen.Char["ab.-_/:@[]0Z \n"].Array[0, 24].Select(static c => new string(c));

        text.Sample(t => !ImageReference.TryParse(t, out ImageReference? r, out _)
            || (ImageReference.Parse(r.ToString()) == r && ImageReference.Parse(r.Familiar) == r));
    }
}
