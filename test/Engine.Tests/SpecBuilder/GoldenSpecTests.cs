// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Containers;
using Gantry.Engine.Pods;
using Gantry.Engine.SpecBuilder;
using Gantry.Oci.Image;

namespace Gantry.Engine.Tests.SpecBuilder;

/// <summary>Whole specifications, as reviewed files.</summary>
public sealed class GoldenSpecTests
{
    [Fact]
    public void A_plain_container() => SpecRig.MatchesGolden(SpecRig.Build(SpecRig.Container), "plain");

    [Fact]
    public void A_container_as_a_kubelet_asks_for_it()
    {
        var image = new ImageRunConfig
        {
            Entrypoint = ["/entry"],
            Cmd = ["serve"],
            Env = ["PATH=/image/bin", "LANG=C.UTF-8"],
            WorkingDir = "/srv",
            User = "www-data",
            Volumes = ["/data", "/cache"],
        };
        ContainerConfig container = SpecRig.Container with
        {
            Command = [],
            Args = ["--port=80"],
            Environment = [new EnvironmentVariable("LANG", "de_DE.UTF-8"), new EnvironmentVariable("TOKEN", "a=b c")],
            Mounts =
            [
                new ContainerMount { ContainerPath = "/data", HostPath = "/var/lib/kubelet/pods/1/volumes/data" },
                new ContainerMount
                {
                    ContainerPath = "/var/run/secrets/kubernetes.io/serviceaccount",
                    HostPath = "/var/lib/kubelet/pods/1/volumes/token",
                    Readonly = true,
                },
                new ContainerMount { ContainerPath = "/etc/hosts", HostPath = "/var/lib/kubelet/pods/1/etc-hosts" },
            ],
            Resources = new ContainerResources
            {
                CpuPeriod = 100_000,
                CpuQuota = 50_000,
                CpuShares = 512,
                MemoryLimit = 128 << 20,
                OomScoreAdj = 900,
                CpusetCpus = "0-1",
            },
            Security = new ContainerSecurity
            {
                Capabilities = new CapabilityRequest { Drop = ["ALL"], Add = ["NET_BIND_SERVICE"] },
                NoNewPrivileges = true,
                ReadonlyRootfs = true,
                MaskedPaths = ["/proc/kcore"],
                ReadonlyPaths = ["/proc/sys"],
                Namespaces = new NamespaceOptions { Pid = NamespaceMode.Container },
            },
        };

        SpecRig.MatchesGolden(SpecRig.Build(SpecRig.Request(container, image)), "kubelet");
    }

    [Fact]
    public void A_privileged_container_on_the_hosts_namespaces()
    {
        var host = new NamespaceOptions
        {
            Network = NamespaceMode.Node,
            Pid = NamespaceMode.Node,
            Ipc = NamespaceMode.Node,
        };
        PodConfig pod = SpecRig.Pod with { Security = new PodSecurity { Namespaces = host, Privileged = true } };
        ContainerConfig container = SpecRig.Container with
        {
            Tty = true,
            Security = new ContainerSecurity { Privileged = true, Namespaces = host, NoNewPrivileges = true },
        };
        SpecRequest request = SpecRig.Request(container, pod: pod) with
        {
            HostDevices = [new HostDevice("/dev/kvm", "c", 10, 232, 0x1B6, 0, 104)],
        };

        SpecRig.MatchesGolden(SpecRig.Build(request), "privileged");
    }
}
