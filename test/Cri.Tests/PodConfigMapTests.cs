// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.Mapping;
using Gantry.Engine;
using Gantry.Engine.Containers;
using Gantry.Engine.Pods;
using Wire = Gantry.Cri.V1;

namespace Gantry.Cri.Tests;

public sealed class PodConfigMapTests
{
    private static readonly (string Message, Action<Wire.PodSandboxConfig> Spoil)[] s_wrong =
    [
        ("config.metadata: missing", config => config.Metadata = null),
        ("config.metadata.name \"\"", config => config.Metadata.Name = ""),
        ("config.metadata.uid \"\"", config => config.Metadata.Uid = ""),
        ("config.metadata.namespace \"a?b\"", config => config.Metadata.Namespace = "a\nb"),
        ("config.log_directory \"relative\"", config => config.LogDirectory = "relative"),
        ("config.port_mappings[0].container_port \"0\"", config => config.PortMappings.Add(new Wire.PortMapping())),
        ("config.port_mappings[0].host_port \"-1\"", config => config.PortMappings.Add(new Wire.PortMapping { ContainerPort = 1, HostPort = -1 })),
        ("config.port_mappings[0].protocol \"9\"", config => config.PortMappings.Add(new Wire.PortMapping { ContainerPort = 1, Protocol = (Wire.Protocol)9 })),
        ("config.windows \"set\"", config => config.Windows = new Wire.WindowsPodSandboxConfig()),
        ("config.linux.security_context.namespace_options.ipc \"8\"", config => Security(config).NamespaceOptions = new Wire.NamespaceOption { Ipc = (Wire.NamespaceMode)8 }),
        ("config.linux.security_context.run_as_user \"4294967295\"", config => Security(config).RunAsUser = new Wire.Int64Value { Value = uint.MaxValue }),
        ("config.linux.security_context.supplemental_groups \"-1\"", config => Security(config).SupplementalGroups.Add(-1)),
        ("config.linux.security_context.seccomp.profile_type \"5\"", config => Security(config).Seccomp = new Wire.SecurityProfile { ProfileType = (Wire.SecurityProfile.Types.ProfileType)5 }),
    ];

    [Fact]
    public void Everything_that_a_kubelet_sends_arrives()
    {
        Wire.PodSandboxConfig wire = Good();
        wire.Hostname = "web";
        wire.LogDirectory = "/var/log/pods/x";
        wire.DnsConfig = new Wire.DNSConfig { Servers = { "10.0.0.10" }, Searches = { "svc" }, Options = { "ndots:5" } };
        wire.PortMappings.Add(new Wire.PortMapping { Protocol = Wire.Protocol.Udp, ContainerPort = 53, HostPort = 5353, HostIp = "127.0.0.1" });
        wire.Labels.Add("a", "b");
        wire.Annotations.Add("c", " d\n");
        wire.Linux = new Wire.LinuxPodSandboxConfig
        {
            CgroupParent = "/kubepods/burstable/podx",
            Sysctls = { ["net.core.somaxconn"] = "100" },
            Overhead = new Wire.LinuxContainerResources { CpuShares = 5 },
            SecurityContext = new Wire.LinuxSandboxSecurityContext
            {
                NamespaceOptions = new Wire.NamespaceOption { Network = Wire.NamespaceMode.Node, Pid = Wire.NamespaceMode.Container },
                RunAsUser = new Wire.Int64Value { Value = 0 },
                SupplementalGroups = { 7 },
            },
        };

        PodConfig config = PodConfigMap.FromWire(wire);

        Assert.Equal(new PodMetadata("web", "uid", "default", 3), config.Metadata);
        Assert.Equal(("web", "/var/log/pods/x", "/kubepods/burstable/podx"), (config.Hostname, config.LogDirectory, config.CgroupParent));
        Assert.Equal(["10.0.0.10"], config.Dns!.Servers);
        Assert.Equal([new PortMapping(PortProtocol.Udp, 53, 5353, "127.0.0.1")], config.PortMappings);
        Assert.Equal(" d\n", config.Annotations["c"]);
        Assert.Equal("100", config.Sysctls["net.core.somaxconn"]);
        Assert.Equal((NamespaceMode.Node, NamespaceMode.Container), (config.Security.Namespaces.Network, config.Security.Namespaces.Pid));
        Assert.Equal(0, config.Security.RunAsUser);
        Assert.Null(config.Security.RunAsGroup);
        Assert.Equal([7], config.Security.SupplementalGroups);
        Assert.Equal(5, config.Overhead!.CpuShares);
        Assert.Null(config.Resources);
    }

    [Fact]
    public void The_smallest_pod_is_its_metadata() => Assert.Null(PodConfigMap.FromWire(Good()).Dns);

    [Fact]
    public void A_wrong_field_is_named() => Assert.All(s_wrong, wrong =>
    {
        Wire.PodSandboxConfig wire = Good();
        wrong.Spoil(wire);

        EngineException e = Assert.Throws<EngineException>(() => PodConfigMap.FromWire(wire));

        Assert.Equal(EngineError.InvalidArgument, e.Error);
        Assert.StartsWith(wrong.Message, e.Message, StringComparison.Ordinal);
    });

    private static Wire.LinuxSandboxSecurityContext Security(Wire.PodSandboxConfig config)
    {
        config.Linux = new Wire.LinuxPodSandboxConfig { SecurityContext = new Wire.LinuxSandboxSecurityContext() };
        return config.Linux.SecurityContext;
    }

    private static Wire.PodSandboxConfig Good() => new()
    {
        Metadata = new Wire.PodSandboxMetadata { Name = "web", Uid = "uid", Namespace = "default", Attempt = 3 },
    };
}
