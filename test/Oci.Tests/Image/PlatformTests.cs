// SPDX-License-Identifier: Apache-2.0
using Gantry.Oci.Image;

namespace Gantry.Oci.Tests.Image;

public sealed class PlatformTests
{
    [Theory]
    [InlineData("linux", "x86_64", null, "linux/amd64")]
    [InlineData("Linux", "AMD64", "v1", "linux/amd64")]
    [InlineData("linux", "amd64", "v3", "linux/amd64/v3")]
    [InlineData("linux", "aarch64", null, "linux/arm64")]
    [InlineData("linux", "arm64", "v8", "linux/arm64")]
    [InlineData("linux", "arm", null, "linux/arm/v7")]
    [InlineData("linux", "armhf", null, "linux/arm/v7")]
    public void A_platform_has_one_spelling(string os, string architecture, string? variant, string expected) =>
        Assert.Equal(expected, new Platform { Os = os, Architecture = architecture, Variant = variant }.Normalize().ToString());

    [Fact]
    public void Arm64_v8_and_arm64_run_on_each_other_but_not_on_amd64()
    {
        Platform v8 = new() { Os = "linux", Architecture = "arm64", Variant = "v8" };
        Platform plain = new() { Os = "linux", Architecture = "arm64" };

        Assert.True(v8.Accepts(plain));
        Assert.True(plain.Accepts(v8));
        Assert.False(plain.Accepts(new Platform { Os = "linux", Architecture = "amd64" }));
    }
}
