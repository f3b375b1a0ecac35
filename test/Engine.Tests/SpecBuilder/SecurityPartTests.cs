// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Containers;
using Gantry.Engine.Pods;
using Gantry.Engine.SpecBuilder;
using Gantry.Oci.Runtime;

namespace Gantry.Engine.Tests.SpecBuilder;

public sealed class SecurityPartTests
{
    [Fact]
    public void No_seccomp_profile_means_unconfined() => Assert.Null(Seccomp(null));

    [Fact]
    public void Unconfined_is_unconfined() => Assert.Null(Seccomp(new SecurityProfile(SecurityProfileType.Unconfined)));

    [Fact]
    public void The_default_profile_refuses_what_it_does_not_know() =>
        Assert.Equal("SCMP_ACT_ERRNO", Seccomp(new SecurityProfile(SecurityProfileType.RuntimeDefault))?.DefaultAction);

    [Fact]
    public void A_privileged_container_is_never_filtered() => Assert.Null(SpecRig.Build(Container(new ContainerSecurity
    {
        Privileged = true,
        Seccomp = new SecurityProfile(SecurityProfileType.RuntimeDefault),
    })).Linux!.Seccomp);

    [Fact]
    public void A_local_profile_is_taken_as_it_is()
    {
        var profile = new LinuxSeccomp { DefaultAction = "SCMP_ACT_LOG" };
        SpecRequest request = SpecRig.Request(Container(new ContainerSecurity
        {
            Seccomp = new SecurityProfile(SecurityProfileType.Localhost, "/profiles/log.json"),
        }));

        Assert.Same(profile, SpecRig.Build(request with { LocalhostSeccomp = profile }).Linux!.Seccomp);
    }

    [Fact]
    public void AppArmor_by_name_fails_on_a_node_without_it()
    {
        ContainerConfig container = Container(new ContainerSecurity
        {
            AppArmor = new SecurityProfile(SecurityProfileType.Localhost, "mine"),
        });

        Assert.Equal(EngineError.FailedPrecondition, SpecRig.Refused(SpecRig.Request(container)).Error);
        Assert.Equal("mine", SpecRig.Build(SpecRig.Request(container) with { Node = SpecRig.Node with { AppArmor = true } }).Process!.ApparmorProfile);
    }

    /// <summary>GHSA-7ww5: power readings are a side channel.</summary>
    [Fact]
    public void GHSA_7ww5_powercap_is_masked_by_default() =>
        Assert.Contains("/sys/devices/virtual/powercap", SpecRig.Build(SpecRig.Container).Linux!.MaskedPaths!);

    [Fact]
    public void The_requests_paths_take_the_place_of_the_defaults()
    {
        Linux linux = SpecRig.Build(Container(new ContainerSecurity { MaskedPaths = ["/proc/a"] })).Linux!;

        Assert.Equal(["/proc/a"], linux.MaskedPaths!);
        Assert.Empty(linux.ReadonlyPaths!);
    }

    [Theory]
    [InlineData(NamespaceMode.Pod, NamespaceMode.Pod, true)]
    [InlineData(NamespaceMode.Pod, NamespaceMode.Container, true)]
    [InlineData(NamespaceMode.Node, NamespaceMode.Pod, false)]
    [InlineData(NamespaceMode.Node, NamespaceMode.Container, true)]
    [InlineData(NamespaceMode.Node, NamespaceMode.Node, false)]
    [InlineData(NamespaceMode.Container, NamespaceMode.Target, true)]
    public void A_pid_namespace_is_listed_unless_it_is_the_hosts(NamespaceMode pod, NamespaceMode container, bool listed)
    {
        PodConfig podConfig = SpecRig.Pod with { Security = new PodSecurity { Namespaces = new NamespaceOptions { Pid = pod } } };
        ContainerConfig config = Container(new ContainerSecurity { Namespaces = new NamespaceOptions { Pid = container } });

        Assert.Equal(listed, SpecRig.Build(SpecRig.Request(config, pod: podConfig)).Linux!.Namespaces!.Any(static n => n.Type == "pid"));
    }

    /// <summary>CVE-2026-53488, CVE-2023-6476, CVE-2024-3154: labels and annotations are data.</summary>
    [Theory]
    [InlineData("io.kubernetes.cri-o.UnixCgroup")]
    [InlineData("org.systemd.property.ExecStartPre")]
    [InlineData("run.oci.handler")]
    [InlineData("containerd.io/restart.loguri")]
    [InlineData("io.kubernetes.cri-o.Devices")]
    public void CVE_2024_3154_annotations_and_labels_change_nothing(string key)
    {
        Dictionary<string, string> map = new() { [key] = "/evil" };
        ContainerConfig container = SpecRig.Container with { Annotations = map, Labels = map };
        PodConfig pod = SpecRig.Pod with { Annotations = map, Labels = map };
        var image = new Oci.Image.ImageRunConfig { Labels = map };

        string with = Json(SpecRig.Build(SpecRig.Request(container, image, pod)));

        Assert.Equal(Json(SpecRig.Build(SpecRig.Container)), with);
    }

    [Fact]
    public void A_memory_limit_forbids_swap_where_swap_is_in_use()
    {
        ContainerConfig container = SpecRig.Container with { Resources = new ContainerResources { MemoryLimit = 1 << 20 } };

        Assert.Null(SpecRig.Build(container).Linux!.Resources!.Memory!.Swap);
        Assert.Equal(1 << 20, SpecRig.Build(SpecRig.Request(container) with { Node = SpecRig.Node with { Swap = true } }).Linux!.Resources!.Memory!.Swap);
    }

    [Fact]
    public void A_requested_device_is_made_and_allowed()
    {
        SpecRequest request = SpecRig.Request() with { Devices = [new HostDevice("/dev/x", "c", 10, 229, 0x1B6, 0, 0, "rw")] };

        Linux linux = SpecRig.Build(request).Linux!;

        Assert.Equal("/dev/x", Assert.Single(linux.Devices!).Path);
        LinuxDeviceRule rule = linux.Resources!.Devices![^1];
        Assert.Equal((true, 10L, 229L, "rw"), (rule.Allow, rule.Major, rule.Minor, rule.Access));
        Assert.False(linux.Resources.Devices[0].Allow);
    }

    private static ContainerConfig Container(ContainerSecurity security) => SpecRig.Container with { Security = security };

    private static LinuxSeccomp? Seccomp(SecurityProfile? profile) =>
        SpecRig.Build(Container(new ContainerSecurity { Seccomp = profile })).Linux!.Seccomp;

    private static string Json(Spec spec) =>
        System.Text.Json.JsonSerializer.Serialize(spec, RuntimeSpecJson.Default.Spec);
}
