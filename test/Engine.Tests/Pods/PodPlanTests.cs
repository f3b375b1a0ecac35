// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Pods;
using Gantry.Engine.Records;
using Gantry.Engine.Tests.Kit;
using Gantry.MonitorApi;

namespace Gantry.Engine.Tests.Pods;

public sealed class PodPlanTests
{
    [Fact]
    public void A_pod_without_a_name_of_its_own_is_called_by_its_id()
    {
        PodRecord plan = Plan(EngineRig.Pod());

        Assert.Equal(plan.Id[..12], plan.Hostname);
        Assert.Equal($"/gantry/{plan.Id}", plan.CgroupPath);
    }

    [Fact]
    public void A_pod_on_the_hosts_network_has_the_hosts_name()
    {
        PodRecord plan = Plan(With(new NamespaceOptions { Network = NamespaceMode.Node }));

        Assert.Equal(File.ReadAllText("/proc/sys/kernel/hostname").Trim(), plan.Hostname);
        Assert.Equal("", PodPlan.Configuration(plan).Hostname);
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("-a")]
    [InlineData("a.")]
    [InlineData("a\nb")]
    [InlineData("a/b")]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123x")]
    public void What_is_no_host_name_is_refused(string name) => Refused(EngineRig.Pod() with { Hostname = name });

    [Theory]
    [InlineData("", "uid", "ns")]
    [InlineData("name", "", "ns")]
    [InlineData("name", "uid", "")]
    [InlineData("na\nme", "uid", "ns")]
    public void Metadata_must_be_complete(string name, string uid, string space) =>
        Refused(EngineRig.Pod() with { Metadata = new PodMetadata(name, uid, space, 0) });

    [Fact]
    public void A_log_directory_that_climbs_is_refused() => Refused(EngineRig.Pod() with { LogDirectory = "/var/log/../../etc" });

    [Theory]
    [InlineData(NamespaceMode.Container, NamespaceMode.Pod, NamespaceMode.Pod)]
    [InlineData(NamespaceMode.Target, NamespaceMode.Pod, NamespaceMode.Pod)]
    [InlineData(NamespaceMode.Pod, NamespaceMode.Container, NamespaceMode.Pod)]
    [InlineData(NamespaceMode.Pod, NamespaceMode.Pod, NamespaceMode.Target)]
    public void A_namespace_mode_that_a_pod_cannot_have_is_refused(NamespaceMode network, NamespaceMode ipc, NamespaceMode pid) =>
        Refused(With(new NamespaceOptions { Network = network, Ipc = ipc, Pid = pid }));

    [Fact]
    public void A_user_namespace_is_refused_as_unserved()
    {
        PodConfig pod = With(new NamespaceOptions { User = new UserNamespace(NamespaceMode.Pod, [], []) });

        Assert.Equal(EngineError.Unimplemented, Assert.Throws<EngineException>(() => Plan(pod)).Error);
    }

    [Theory]
    [InlineData(NamespaceMode.Pod, NamespaceSource.Pod)]
    [InlineData(NamespaceMode.Container, NamespaceSource.Container)]
    [InlineData(NamespaceMode.Node, NamespaceSource.Node)]
    public void The_monitor_is_told_where_processes_are_seen(NamespaceMode mode, NamespaceSource source) =>
        Assert.Equal(source, PodPlan.Configuration(Plan(With(new NamespaceOptions { Pid = mode }))).Pid);

    [Fact]
    public void Ports_without_a_host_port_ask_nothing_of_the_network()
    {
        PodConfig pod = EngineRig.Pod() with
        {
            PortMappings = [new PortMapping(PortProtocol.Tcp, 80, 0, ""), new PortMapping(PortProtocol.Sctp, 90, 9090, "192.0.2.1")],
        };

        Network.PortMapping port = Assert.Single(PodPlan.NetworkRequest(Plan(pod)).Ports);

        Assert.Equal((Network.PortProtocol.Sctp, 90, 9090, "192.0.2.1"), (port.Protocol, port.ContainerPort, port.HostPort, port.HostIp));
    }

    private static PodConfig With(NamespaceOptions namespaces) =>
        EngineRig.Pod() with { Security = new PodSecurity { Namespaces = namespaces } };

    private static PodRecord Plan(PodConfig config) => PodPlan.Make(config, "", new EngineOptions(), DateTimeOffset.UnixEpoch);

    private static void Refused(PodConfig config) =>
        Assert.Equal(EngineError.InvalidArgument, Assert.Throws<EngineException>(() => Plan(config)).Error);
}
