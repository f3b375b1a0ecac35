// SPDX-License-Identifier: Apache-2.0
using CsCheck;
using Gantry.Cri.V1;
using Gantry.Engine;

namespace Gantry.Cri.Tests;

public sealed class RequireTests
{
    [Fact]
    public void An_id_is_1_to_64_lower_case_hex_digits()
    {
        Assert.Equal("0", Require.PodId("0"));
        Assert.Equal("f945da9b-a243-40de-b64f-ace15410b249", Require.PodId("f945da9b-a243-40de-b64f-ace15410b249"));
        Assert.Equal(new string('f', 64), Require.ContainerId(new string('f', 64)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("../../etc")]
    [InlineData("a.b")]
    [InlineData("abc/")]
    [InlineData("abc\0")]
    [InlineData("00000000000000000000000000000000000000000000000000000000000000000")]
    public void Anything_else_is_refused_by_field_value_and_what_is_accepted(string id)
    {
        EngineException e = Assert.Throws<EngineException>(() => Require.PodId(id));

        Assert.Equal(EngineError.InvalidArgument, e.Error);
        Assert.StartsWith("pod_sandbox_id \"", e.Message, StringComparison.Ordinal);
        Assert.EndsWith("accepted: 1 to 64 letters, digits and hyphens", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_stays_short_and_on_one_line_whatever_was_sent() => Gen.String.Sample(value =>
    {
        string message = Require.Invalid("field", value, "x").Message;
        Assert.True(message.Length < 140);
        Assert.DoesNotContain(message, c => char.IsControl(c));
    });

    /// <summary>The log path of a container stays below its pod's directory.</summary>
    [Theory]
    [InlineData("../../etc/cron.d/x")]
    [InlineData("a/../../b")]
    [InlineData("/etc/passwd")]
    [InlineData("..")]
    [InlineData("a\0b")]
    public void CVE_2025_0750_a_log_path_that_leaves_its_directory_is_refused(string path) =>
        Assert.Throws<EngineException>(() => Require.RelativePathOrEmpty("config.log_path", path));

    [Theory]
    [InlineData("")]
    [InlineData("web/0.log")]
    [InlineData("a..b/..c")]
    public void A_log_path_below_it_is_taken_as_it_is(string path) => Assert.Equal(path, Require.RelativePathOrEmpty("config.log_path", path));

    [Theory]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    public void Seconds_beyond_reason_are_refused(long seconds) => Assert.Throws<EngineException>(() => Require.Seconds("timeout", seconds));

    [Fact]
    public void A_command_has_a_program()
    {
        Assert.Throws<EngineException>(() => Require.Command("cmd", []));
        Assert.Throws<EngineException>(() => Require.Command("cmd", [""]));
        Assert.Throws<EngineException>(() => Require.Command("cmd", ["sh", "a\0b"]));
        Assert.Equal(["sh", ""], Require.Command("cmd", ["sh", ""]));
    }

    [Fact]
    public void A_missing_message_is_named()
    {
        EngineException e = Assert.Throws<EngineException>(() => Require.Image("config.image", null));
        EngineException empty = Assert.Throws<EngineException>(() => Require.Image("config.image", new ImageSpec()));

        Assert.Equal("config.image: missing; the request must set it", e.Message);
        Assert.StartsWith("config.image.image \"\": accepted:", empty.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_shortened_id_is_completed_when_one_starts_with_it()
    {
        string[] ids = ["aa11", "aa22", "bb33"];

        Assert.Equal("bb33", Lookup.Complete("container_id", "b", ids));
        Assert.Equal("cc", Lookup.Complete("container_id", "cc", ids));
        Assert.Throws<EngineException>(() => Lookup.Complete("container_id", "aa", ids));
    }
}
