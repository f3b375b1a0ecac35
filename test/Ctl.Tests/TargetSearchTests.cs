// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.V1;
using Gantry.Ctl.Targets;

namespace Gantry.Ctl.Tests;

public sealed class TargetSearchTests
{
    private static readonly ContainerTarget s_web = Container("aa11", "web", "shop", ContainerState.ContainerRunning);
    private static readonly ContainerTarget s_oldWeb = Container("aa22", "web", "shop", ContainerState.ContainerExited);
    private static readonly ContainerTarget s_db = Container("bb33", "db", "shop", ContainerState.ContainerRunning);

    [Theory]
    [InlineData("bb33", "bb33")]
    [InlineData("bb", "bb33")]
    [InlineData("db", "bb33")]
    [InlineData("shop/db", "bb33")]
    [InlineData("aa2", "aa22")]
    public void A_name_an_id_or_its_beginning_finds_a_container(string text, string id) =>
        Assert.Equal(id, TargetSearch.Choose(text, [s_web, s_oldWeb, s_db])?.Id);

    [Fact]
    public void Of_several_with_one_name_the_only_one_that_runs_is_meant() =>
        Assert.Equal("aa11", TargetSearch.Choose("web", [s_web, s_oldWeb, s_db])?.Id);

    [Fact]
    public void What_fits_several_is_refused_with_their_ids()
    {
        ContainerTarget second = Container("cc44", "web", "other", ContainerState.ContainerRunning);

        CommandFailure failure = Assert.Throws<CommandFailure>(() => TargetSearch.Choose("web", [s_web, second]));

        Assert.Contains("aa11", failure.Message, StringComparison.Ordinal);
        Assert.Contains("cc44", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_fits_nothing_is_nothing() => Assert.Null(TargetSearch.Choose("zz", [s_web, s_db]));

    [Fact]
    public void Only_a_pod_of_gantry_run_belongs_to_its_container()
    {
        ContainerTarget own = Container("dd55", "x", "x", ContainerState.ContainerRunning);
        own.Pod!.Labels.Add(RunLabels.Owner, "true");

        Assert.True(own.OwnsPod);
        Assert.False(s_web.OwnsPod);
    }

    private static ContainerTarget Container(string id, string name, string pod, ContainerState state) => new(
        new Container { Id = id, State = state, Metadata = new ContainerMetadata { Name = name } },
        new PodSandbox { Id = "pod" + pod, Metadata = new PodSandboxMetadata { Name = pod, Namespace = "default" } });
}
