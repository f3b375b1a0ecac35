// SPDX-License-Identifier: Apache-2.0
using CsCheck;
using Gantry.Oci.Image;

namespace Gantry.Oci.Tests.Image;

public sealed class DigestTests
{
    private const string Empty256 = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Fact]
    public void A_digest_keeps_its_text_and_its_parts()
    {
        Digest digest = Digest.Parse(Empty256);

        Assert.Equal(Empty256, digest.ToString());
        Assert.Equal(DigestAlgorithm.Sha256, digest.Algorithm);
        Assert.Equal(Empty256[7..], digest.Hex);
        Assert.Equal("e3b0c44298fc", digest.Short);
        Assert.Equal(digest, Digest.Of([]));
    }

    [Fact]
    public void Sha512_is_a_digest_too()
    {
        Digest digest = Digest.Of(DigestAlgorithm.Sha512, [1, 2, 3]);

        Assert.Equal(DigestAlgorithm.Sha512, Digest.Parse(digest.ToString()).Algorithm);
        Assert.Equal(128, digest.Hex.Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("sha256")]
    [InlineData("sha256:")]
    [InlineData("sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855")]
    [InlineData("SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85")]
    [InlineData("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8555")]
    [InlineData("sha256:../../../../etc/passwd0000000000000000000000000000000000000000000")]
    [InlineData("sha384:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n")]
    public void Text_that_is_no_digest_is_refused_with_what_is_accepted(string text)
    {
        FormatException error = Assert.Throws<FormatException>(() => Digest.Parse(text));

        Assert.Contains("sha256:<64 lower-case hex digits>", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(error.Message, char.IsControl);
    }

    [Fact]
    public void Parsing_any_text_either_gives_the_same_text_or_refuses() => Gen.String.Sample(text =>
        !Digest.TryParse(text, out Digest digest) || digest.ToString() == text);

    [Fact]
    public void Chain_ids_follow_the_specification()
    {
        Digest a = Digest.Of("a"u8);
        Digest b = Digest.Of("b"u8);

        IReadOnlyList<Digest> chain = ChainId.Compute([a, b, a]);

        Assert.Equal(a, chain[0]);
        Assert.Equal(Digest.Of(System.Text.Encoding.ASCII.GetBytes($"{a} {b}")), chain[1]);
        Assert.Equal(Digest.Of(System.Text.Encoding.ASCII.GetBytes($"{chain[1]} {a}")), chain[2]);
    }
}
