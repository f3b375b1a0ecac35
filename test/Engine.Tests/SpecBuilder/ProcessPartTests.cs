// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Containers;
using Gantry.Oci.Image;

namespace Gantry.Engine.Tests.SpecBuilder;

public sealed class ProcessPartTests
{
    /// <summary>Kubernetes, "Define a command and arguments for a container".</summary>
    [Theory]
    [InlineData("", "", "ep cmd")]
    [InlineData("c", "", "c")]
    [InlineData("", "a", "ep a")]
    [InlineData("c", "a", "c a")]
    public void Command_and_args_take_the_place_of_entrypoint_and_cmd(string command, string args, string expected)
    {
        ContainerConfig container = SpecRig.Container with { Command = Words(command), Args = Words(args) };
        var image = new ImageRunConfig { Entrypoint = ["ep"], Cmd = ["cmd"] };

        Assert.Equal(Words(expected), SpecRig.Build(SpecRig.Request(container, image)).Process!.Args);
    }

    [Fact]
    public void A_container_without_a_program_is_refused()
    {
        EngineException error = SpecRig.Refused(SpecRig.Request(SpecRig.Container with { Command = [] }));

        Assert.Equal(EngineError.InvalidArgument, error.Error);
        Assert.Contains("command", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_requests_environment_wins_over_the_images_and_the_defaults()
    {
        ContainerConfig container = SpecRig.Container with
        {
            Environment = [new EnvironmentVariable("PATH", "/mine"), new EnvironmentVariable("EMPTY", "")],
        };
        var image = new ImageRunConfig { Env = ["PATH=/image", "KEEP=1", "broken", "=nameless"] };

        IReadOnlyList<string> environment = SpecRig.Build(SpecRig.Request(container, image)).Process!.Env!;

        Assert.Equal(["PATH=/mine", "KEEP=1", "HOSTNAME=web-0", "EMPTY="], environment);
    }

    [Fact]
    public void An_image_without_path_gets_the_default_one() => Assert.Contains(
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", SpecRig.Build(SpecRig.Container).Process!.Env!);

    [Theory]
    [InlineData("A=B", "x")]
    [InlineData("", "x")]
    [InlineData("A", "x\0y")]
    public void A_variable_that_the_kernel_could_not_carry_is_refused_without_showing_its_value(string name, string value)
    {
        ContainerConfig container = SpecRig.Container with { Environment = [new EnvironmentVariable(name, value)] };

        EngineException error = SpecRig.Refused(SpecRig.Request(container));

        Assert.Equal(EngineError.InvalidArgument, error.Error);
        Assert.DoesNotContain("x\0y", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "", "/")]
    [InlineData("", "srv/app", "/srv/app")]
    [InlineData("", "/srv/", "/srv")]
    [InlineData("/work", "/srv", "/work")]
    public void The_working_directory_is_the_requests_else_the_images(string requested, string image, string expected)
    {
        ContainerConfig container = SpecRig.Container with { WorkingDirectory = requested };

        Assert.Equal(expected, SpecRig.Build(SpecRig.Request(container, new ImageRunConfig { WorkingDir = image })).Process!.Cwd);
    }

    [Theory]
    [InlineData("relative")]
    [InlineData("/a/../b")]
    [InlineData("/a\nb")]
    public void A_working_directory_that_is_no_clean_absolute_path_is_refused(string path) =>
        Assert.Equal(EngineError.InvalidArgument, SpecRig.Refused(SpecRig.Request(SpecRig.Container with { WorkingDirectory = path })).Error);

    [Fact]
    public void Open_files_are_limited_to_what_gantryd_may_hand_on()
    {
        var request = SpecRig.Request() with { Node = SpecRig.Node with { MaxOpenFiles = 20_000 } };

        Oci.Runtime.Rlimit limit = Assert.Single(SpecRig.Build(request).Process!.Rlimits!);

        Assert.Equal(("RLIMIT_NOFILE", 20_000UL, 20_000UL), (limit.Type, limit.Soft, limit.Hard));
    }

    [Fact]
    public void An_oom_score_out_of_range_is_refused()
    {
        ContainerConfig container = SpecRig.Container with { Resources = new ContainerResources { OomScoreAdj = 1001 } };

        Assert.Contains("-1000 to 1000", SpecRig.Refused(SpecRig.Request(container)).Message, StringComparison.Ordinal);
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
