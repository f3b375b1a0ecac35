// SPDX-License-Identifier: Apache-2.0
using Gantry.Control.V1;
using Gantry.Cri.V1;
using Grpc.Core;

namespace Gantry.Cri.Tests;

/// <summary>Calls over a real socket into a real engine without pods.</summary>
public sealed class ServiceTests : IAsyncLifetime
{
    private static readonly string s_absent = new('0', 64);
    private ServedEngine _served = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _served = await ServedEngine.StartAsync();

    public ValueTask DisposeAsync() => _served.DisposeAsync();

    [Fact]
    public async Task Version_is_the_one_that_kubelets_expect()
    {
        VersionResponse version = await _served.Runtime.VersionAsync(new VersionRequest(), cancellationToken: Token);

        Assert.Equal(("0.1.0", "gantry", "v1"), (version.Version, version.RuntimeName, version.RuntimeApiVersion));
        Assert.Matches(@"^\d+\.\d+\.\d+", version.RuntimeVersion);
    }

    [Fact]
    public async Task Status_names_both_conditions_and_the_handlers()
    {
        StatusResponse status = await _served.Runtime.StatusAsync(new StatusRequest { Verbose = true }, cancellationToken: Token);

        Assert.Equal(["RuntimeReady", "NetworkReady"], status.Status.Conditions.Select(condition => condition.Type));
        RuntimeCondition network = status.Status.Conditions[1];
        Assert.False(network.Status);
        Assert.NotEmpty(network.Reason);
        Assert.NotEmpty(network.Message);
        Assert.Equal(["", "second"], status.RuntimeHandlers.Select(handler => handler.Name));
        Assert.Contains("\"cgroupDriver\"", status.Info["config"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lists_of_an_empty_node_are_empty()
    {
        Assert.Empty((await _served.Runtime.ListPodSandboxAsync(new ListPodSandboxRequest(), cancellationToken: Token)).Items);
        Assert.Empty((await _served.Runtime.ListContainersAsync(new ListContainersRequest(), cancellationToken: Token)).Containers);
        Assert.Empty((await _served.Images.ListImagesAsync(new ListImagesRequest(), cancellationToken: Token)).Images);
    }

    [Fact]
    public async Task Stopping_and_removing_what_is_absent_is_success()
    {
        await _served.Runtime.StopPodSandboxAsync(new StopPodSandboxRequest { PodSandboxId = s_absent }, cancellationToken: Token);
        await _served.Runtime.RemovePodSandboxAsync(new RemovePodSandboxRequest { PodSandboxId = s_absent }, cancellationToken: Token);
        await _served.Runtime.StopContainerAsync(new StopContainerRequest { ContainerId = s_absent, Timeout = -1 }, cancellationToken: Token);
        await _served.Runtime.RemoveContainerAsync(new RemoveContainerRequest { ContainerId = s_absent }, cancellationToken: Token);
        await _served.Images.RemoveImageAsync(new RemoveImageRequest { Image = new ImageSpec { Image = "absent.example/x:1" } }, cancellationToken: Token);
    }

    [Fact]
    public async Task The_status_of_what_is_absent_is_NotFound_but_that_of_an_image_is_empty()
    {
        Assert.Equal(StatusCode.NotFound, await CodeAsync(() => _served.Runtime.PodSandboxStatusAsync(new PodSandboxStatusRequest { PodSandboxId = s_absent }).ResponseAsync));
        Assert.Equal(StatusCode.NotFound, await CodeAsync(() => _served.Runtime.ContainerStatusAsync(new ContainerStatusRequest { ContainerId = s_absent }).ResponseAsync));
        Assert.Equal(StatusCode.NotFound, await CodeAsync(() => _served.Runtime.StartContainerAsync(new StartContainerRequest { ContainerId = s_absent }).ResponseAsync));
        Assert.Equal(StatusCode.NotFound, await CodeAsync(() => _served.Control.WaitAsync(new WaitRequest { ContainerId = s_absent }).ResponseAsync));

        ImageStatusResponse image = await _served.Images.ImageStatusAsync(
            new ImageStatusRequest { Image = new ImageSpec { Image = "absent.example/x:1" } }, cancellationToken: Token);

        Assert.Null(image.Image);
    }

    [Fact]
    public async Task A_malformed_request_is_InvalidArgument_and_says_whose_error_it_is()
    {
        RpcException e = await Assert.ThrowsAsync<RpcException>(
            () => _served.Runtime.RunPodSandboxAsync(new RunPodSandboxRequest(), cancellationToken: Token).ResponseAsync);

        Assert.Equal(new Status(StatusCode.InvalidArgument, "gantry: config: missing; the request must set it"), e.Status);
        Assert.Equal(StatusCode.InvalidArgument, await CodeAsync(() => _served.Runtime.StartContainerAsync(new StartContainerRequest { ContainerId = "../x" }).ResponseAsync));
        Assert.Equal(StatusCode.InvalidArgument, await CodeAsync(() => _served.Images.PullImageAsync(new PullImageRequest { Image = new ImageSpec { Image = "Not A Reference" } }).ResponseAsync));
        Assert.Equal(StatusCode.InvalidArgument, await CodeAsync(() => _served.Runtime.UpdateRuntimeConfigAsync(PodCidr("10.0.0.0/99")).ResponseAsync));
    }

    [Fact]
    public async Task A_handler_that_nobody_configured_is_refused()
    {
        var config = new PodSandboxConfig { Metadata = new PodSandboxMetadata { Name = "a", Uid = "b", Namespace = "c" } };

        StatusCode code = await CodeAsync(() => _served.Runtime.RunPodSandboxAsync(new RunPodSandboxRequest { Config = config, RuntimeHandler = "other" }).ResponseAsync);

        Assert.Equal(StatusCode.InvalidArgument, code);
        Assert.Empty((await _served.Runtime.ListPodSandboxAsync(new ListPodSandboxRequest(), cancellationToken: Token)).Items);
    }

    [Fact]
    public async Task A_pod_that_cannot_be_made_leaves_no_trace_in_the_list()
    {
        var config = new PodSandboxConfig { Metadata = new PodSandboxMetadata { Name = "a", Uid = "b", Namespace = "c" } };

        await Assert.ThrowsAsync<RpcException>(() => _served.Runtime.RunPodSandboxAsync(new RunPodSandboxRequest { Config = config }, cancellationToken: Token).ResponseAsync);

        Assert.Empty((await _served.Runtime.ListPodSandboxAsync(new ListPodSandboxRequest(), cancellationToken: Token)).Items);
    }

    [Fact]
    public async Task What_is_not_served_yet_is_Unimplemented()
    {
        Assert.Equal(StatusCode.Unimplemented, await CodeAsync(() => _served.Runtime.ExecAsync(new ExecRequest()).ResponseAsync));
        Assert.Equal(StatusCode.Unimplemented, await CodeAsync(() => _served.Runtime.CheckpointPodAsync(new CheckpointPodRequest()).ResponseAsync));
        Assert.Equal(StatusCode.Unimplemented, await CodeAsync(() => _served.Runtime.ListMetricDescriptorsAsync(new ListMetricDescriptorsRequest()).ResponseAsync));
    }

    [Fact]
    public async Task A_request_of_16_MiB_is_taken_and_a_larger_one_refused()
    {
        var large = new ListContainersRequest { Filter = new ContainerFilter { LabelSelector = { ["a"] = new string('x', (16 * 1024 * 1024) - 100) } } };
        var tooLarge = new ListContainersRequest { Filter = new ContainerFilter { LabelSelector = { ["a"] = new string('x', 16 * 1024 * 1024) } } };

        await _served.Runtime.ListContainersAsync(large, cancellationToken: Token);

        Assert.Equal(StatusCode.ResourceExhausted, await CodeAsync(() => _served.Runtime.ListContainersAsync(tooLarge).ResponseAsync));
    }

    [Fact]
    public async Task Info_tells_where_everything_lies()
    {
        InfoResponse info = await _served.Control.InfoAsync(new InfoRequest(), cancellationToken: Token);

        Assert.Equal((Environment.ProcessId, "hybrid", 0u), (info.Pid, info.CgroupVersion, info.Pods));
        Assert.EndsWith("/state", info.State, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pull_that_fails_ends_the_stream_with_its_cause()
    {
        using AsyncServerStreamingCall<PullEvent> call = _served.Control.Pull(new PullRequest { Image = "127.0.0.1:1/x:1" }, cancellationToken: Token);

        RpcException e = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            await foreach (PullEvent _ in call.ResponseStream.ReadAllAsync(Token))
            {
            }
        });

        Assert.Equal(StatusCode.Unavailable, e.StatusCode);
        Assert.Contains("127.0.0.1:1", e.Status.Detail, StringComparison.Ordinal);
    }

    private static UpdateRuntimeConfigRequest PodCidr(string value) =>
        new() { RuntimeConfig = new RuntimeConfig { NetworkConfig = new NetworkConfig { PodCidr = value } } };

    private static async Task<StatusCode> CodeAsync<T>(Func<Task<T>> call) => (await Assert.ThrowsAsync<RpcException>(call)).StatusCode;
}
