// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine;
using Gantry.Engine.Containers;
using Gantry.Engine.Exec;
using Gantry.Engine.Pods;

namespace Gantry.Integration.Tests;

/// <summary>Real pods, from request to removal.</summary>
public sealed class PodTests
{
    private const string Forever = "while :; do sleep 1; done";

    [Fact]
    public async Task Two_containers_talk_over_localhost_and_nothing_is_left_after_removal()
    {
        await using TestNode node = await TestNode.StartAsync();
        string pod = await node.RunPodAsync();
        string server = await node.StartContainerAsync(
            pod, "mkdir /tmp/www; echo hello from the neighbour > /tmp/www/page; echo serving; exec httpd -f -p 8080 -h /tmp/www");
        string client = await node.StartContainerAsync(pod, Forever);

        await TestNode.EventuallyAsync(() => node.Log(server).Contains("serving", StringComparison.Ordinal));
        string page = await node.ExecAsync(client, "for i in 1 2 3 4 5 6 7 8 9; do wget -qO- http://127.0.0.1:8080/page && exit 0; sleep 0.3; done; exit 1");

        Assert.Equal("hello from the neighbour\n", page);
        Assert.Equal(SandboxState.Ready, node.Engine.Pods.Status(pod).State);
        await node.Engine.Containers.StopAsync(client, TimeSpan.Zero, TestNode.Token);
        await node.Engine.Pods.StopAsync(pod, TestNode.Token);
        await node.Engine.Pods.RemoveAsync(pod, TestNode.Token);
        await node.AssertNoLeaksAsync();
    }

    [Fact]
    public async Task Containers_of_a_pod_share_what_is_the_pods_and_nothing_else()
    {
        await using TestNode node = await TestNode.StartAsync();
        string pod = await node.RunPodAsync(static p => p with
        {
            Sysctls = new Dictionary<string, string> { ["kernel.shm_rmid_forced"] = "1", ["net.ipv4.ip_unprivileged_port_start"] = "80" },
            Dns = new DnsConfig { Servers = ["192.0.2.53"], Searches = ["svc.test"], Options = ["ndots:5"] },
        });
        string one = await node.StartContainerAsync(pod, Forever);
        string two = await node.StartContainerAsync(pod, Forever);
        Pod status = node.Engine.Pods.Status(pod);

        await node.ExecAsync(one, "echo shared > /dev/shm/x; echo own > /tmp/x");

        Assert.Equal("shared\n", await node.ExecAsync(two, "cat /dev/shm/x"));
        Assert.Equal("absent\n", await node.ExecAsync(two, "cat /tmp/x 2>/dev/null || echo absent"));
        Assert.Equal(status.Config.Hostname + "\n", await node.ExecAsync(two, "hostname"));
        Assert.Contains(status.Addresses[0], await node.ExecAsync(two, "ip -o addr show eth0"), StringComparison.Ordinal);
        Assert.Contains($"{status.Addresses[0]}\t{status.Config.Hostname}", (await node.ExecAsync(two, "cat /etc/hosts")).Replace(' ', '\t'), StringComparison.Ordinal);
        Assert.Contains("nameserver 192.0.2.53", await node.ExecAsync(two, "cat /etc/resolv.conf"), StringComparison.Ordinal);
        Assert.Equal("1\n80\n", await node.ExecAsync(two, "cat /proc/sys/kernel/shm_rmid_forced /proc/sys/net/ipv4/ip_unprivileged_port_start"));
        Assert.DoesNotContain("httpd", await node.ExecAsync(two, "ps"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pod_may_share_its_processes()
    {
        Assert.SkipUnless(TestNode.Published, "GANTRY_MONITOR does not name a published gantry-monitor: the pod's init is a sealed copy of that one file");
        await using TestNode node = await TestNode.StartAsync();
        var shared = new NamespaceOptions { Pid = NamespaceMode.Pod };
        string pod = await node.RunPodAsync(p => p with { Security = new PodSecurity { Namespaces = shared } });
        Func<ContainerConfig, ContainerConfig> sharing = c => c with { Security = c.Security with { Namespaces = shared } };
        await node.StartContainerAsync(pod, "exec sleep 1234", sharing);
        string other = await node.StartContainerAsync(pod, Forever, sharing);

        Assert.Contains("sleep 1234", await node.ExecAsync(other, "ps"), StringComparison.Ordinal);

        await node.Engine.Pods.RemoveAsync(pod, TestNode.Token);
        await node.AssertNoLeaksAsync();
    }

    [Fact]
    public async Task A_pod_on_the_hosts_network_has_the_hosts_name_and_no_address_of_its_own()
    {
        await using TestNode node = await TestNode.StartAsync();
        var host = new NamespaceOptions { Network = NamespaceMode.Node, Pid = NamespaceMode.Container };
        string pod = await node.RunPodAsync(p => p with { Hostname = "", Security = new PodSecurity { Namespaces = host } });
        string container = await node.StartContainerAsync(pod, Forever, c => c with { Security = c.Security with { Namespaces = host } });

        Assert.Empty(node.Engine.Pods.Status(pod).Addresses);
        Assert.Equal(
            (await File.ReadAllTextAsync("/proc/sys/kernel/hostname", TestNode.Token)).Trim(), (await node.ExecAsync(container, "hostname")).Trim());
        Assert.Equal(
            await File.ReadAllTextAsync("/proc/net/dev", TestNode.Token) is { Length: > 0 },
            (await node.ExecAsync(container, "cat /proc/net/dev")).Length > 0);
    }

    [Fact]
    public async Task Exit_codes_logs_and_reasons_are_true()
    {
        await using TestNode node = await TestNode.StartAsync();
        string pod = await node.RunPodAsync();

        string three = await node.StartContainerAsync(pod, "echo out; echo err >&2; printf unfinished; exit 3");
        string zero = await node.StartContainerAsync(pod, "true");
        string killed = await node.StartContainerAsync(pod, "sh -c 'kill -KILL $$'; exit $?");

        ContainerStatus status = await node.ExitOfAsync(three);
        Assert.Equal((3, "Error"), (status.ExitCode, status.Reason));
        Assert.True(status.StartedAt <= status.FinishedAt);
        Assert.Equal(["err", "out", "unfinished"], node.Log(three).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order());
        Assert.Equal((0, "Completed"), CodeAndReason(await node.ExitOfAsync(zero)));
        Assert.Equal((137, "Error"), CodeAndReason(await node.ExitOfAsync(killed)));
    }

    [Fact]
    public async Task A_program_that_is_not_there_ends_the_container_with_StartError()
    {
        await using TestNode node = await TestNode.StartAsync();
        string pod = await node.RunPodAsync();
        string id = await node.CreateAsync(pod, "", static c => c with { Command = ["/no/such/program"] });

        EngineException error = await Assert.ThrowsAsync<EngineException>(() => node.Engine.Containers.StartAsync(id, TestNode.Token));

        Assert.Contains("/no/such/program", error.Message, StringComparison.Ordinal);
        Assert.Equal((128, "StartError"), CodeAndReason(node.Engine.Containers.Status(id).Status));
        await node.Engine.Pods.RemoveAsync(pod, TestNode.Token);
        await node.AssertNoLeaksAsync();
    }

    [Fact]
    public async Task A_container_that_takes_more_memory_than_it_may_is_OOMKilled()
    {
        await using TestNode node = await TestNode.StartAsync();
        string pod = await node.RunPodAsync();
        string id = await node.StartContainerAsync(
            pod, "exec tail /dev/zero", static c => c with { Resources = new ContainerResources { MemoryLimit = 16 << 20 } });

        ContainerStatus status = await node.ExitOfAsync(id);

        Assert.Equal((137, "OOMKilled"), CodeAndReason(status));
    }

    [Fact]
    public async Task A_stop_asks_first_and_kills_afterwards()
    {
        await using TestNode node = await TestNode.StartAsync();
        string pod = await node.RunPodAsync();
        string polite = await node.StartContainerAsync(pod, "trap 'exit 5' TERM; echo ready; while :; do sleep 0.1; done");
        string deaf = await node.StartContainerAsync(pod, "trap '' TERM; echo ready; while :; do sleep 0.1; done");
        await TestNode.EventuallyAsync(() => node.Log(polite) == "ready\n" && node.Log(deaf) == "ready\n");

        await node.Engine.Containers.StopAsync(polite, TimeSpan.FromSeconds(60), TestNode.Token);
        await node.Engine.Containers.StopAsync(deaf, TimeSpan.FromMilliseconds(300), TestNode.Token);

        Assert.Equal(5, node.Engine.Containers.Status(polite).Status.ExitCode);
        Assert.Equal(137, node.Engine.Containers.Status(deaf).Status.ExitCode);
    }

    [Fact]
    public async Task Exec_reports_output_and_code_and_kills_what_runs_too_long()
    {
        await using TestNode node = await TestNode.StartAsync();
        string pod = await node.RunPodAsync();
        string id = await node.StartContainerAsync(pod, Forever);

        ExecResult result = await node.Engine.Containers.ExecSyncAsync(
            id, ["sh", "-c", "echo out; echo err >&2; exit 7"], null, TestNode.Token);
        EngineException error = await Assert.ThrowsAsync<EngineException>(() => node.Engine.Containers.ExecSyncAsync(
            id, ["sh", "-c", "sleep 4321 & sleep 4321"], TimeSpan.FromMilliseconds(500), TestNode.Token));

        Assert.Equal((7, "out\n", "err\n"), (result.ExitCode, TestNode.Text(result.Stdout), TestNode.Text(result.Stderr)));
        Assert.Equal(EngineError.DeadlineExceeded, error.Error);
        Assert.DoesNotContain("4321", await node.ExecAsync(id, "ps"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Security_settings_reach_the_kernel()
    {
        await using TestNode node = await TestNode.StartAsync();
        string pod = await node.RunPodAsync();
        string id = await node.StartContainerAsync(pod, Forever, static c => c with
        {
            Security = c.Security with
            {
                RunAsUser = 1000,
                SupplementalGroups = [3000],
                ReadonlyRootfs = true,
                NoNewPrivileges = true,
                Capabilities = new CapabilityRequest { Drop = ["ALL"] },
            },
        });

        Assert.Equal((1000u, 1000u), (node.Engine.Containers.Status(id).User!.Uid, node.Engine.Containers.Status(id).User!.Gid));
        Assert.Equal("1000\n1000\n", await node.ExecAsync(id, "id -u; id -g"));
        Assert.Contains("3000", await node.ExecAsync(id, "id -G"), StringComparison.Ordinal);
        Assert.Contains("Read-only file system", await node.ExecAsync(id, "touch /x 2>&1 || true"), StringComparison.Ordinal);
        string proc = await node.ExecAsync(id, "cat /proc/self/status");
        Assert.Contains("CapBnd:\t0000000000000000", proc, StringComparison.Ordinal);
        Assert.Contains("NoNewPrivs:\t1", proc, StringComparison.Ordinal);
        Assert.Contains("Seccomp:\t2", proc, StringComparison.Ordinal);
        Assert.Equal("0\n", await node.ExecAsync(id, "cat /proc/kcore | wc -c"));
    }

    private static (int?, string?) CodeAndReason(ContainerStatus status) => (status.ExitCode, status.Reason);
}
