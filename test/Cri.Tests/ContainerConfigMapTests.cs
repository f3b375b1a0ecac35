// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.Mapping;
using Gantry.Engine;
using Gantry.Engine.Containers;
using Google.Protobuf;
using Wire = Gantry.Cri.V1;

namespace Gantry.Cri.Tests;

public sealed class ContainerConfigMapTests
{
    private static readonly (string Message, Action<Wire.ContainerConfig> Spoil)[] s_wrong =
    [
        ("config.metadata: missing", config => config.Metadata = null),
        ("config.image: missing", config => config.Image = null),
        ("config.envs[0].key \"A=B\"", config => config.Envs.Add(new Wire.KeyValue { Key = "A=B" })),
        ("config.envs[0].value of \"A\"", config => config.Envs.Add(new Wire.KeyValue { Key = "A", Value = ByteString.CopyFrom(0xff) })),
        ("config.envs[0].value of \"A\"", config => config.Envs.Add(new Wire.KeyValue { Key = "A", Value = ByteString.CopyFrom(65, 0) })),
        ("config.log_path \"../x\"", config => config.LogPath = "../x"),
        ("config.mounts[0].host_path \"\"", config => config.Mounts.Add(new Wire.Mount { ContainerPath = "/b" })),
        ("config.mounts[0].recursive_read_only \"true\"", config => config.Mounts.Add(new Wire.Mount { HostPath = "/a", ContainerPath = "/b", RecursiveReadOnly = true })),
        ("config.mounts[0].mount_options \"suid\"", config => config.Mounts.Add(new Wire.Mount { HostPath = "/a", ContainerPath = "/b", MountOptions = { "suid" } })),
        ("config.mounts[0].propagation \"7\"", config => config.Mounts.Add(new Wire.Mount { HostPath = "/a", ContainerPath = "/b", Propagation = (Wire.MountPropagation)7 })),
        ("config.devices[0].permissions \"x\"", config => config.Devices.Add(new Wire.Device { HostPath = "/a", ContainerPath = "/b", Permissions = "x" })),
        ("config.stop_signal \"99\"", config => config.StopSignal = (Wire.Signal)99),
        ("config.linux.resources.oom_score_adj \"1001\"", config => config.Linux = new Wire.LinuxContainerConfig { Resources = new Wire.LinuxContainerResources { OomScoreAdj = 1001 } }),
        ("config.linux.resources.memory_limit_in_bytes \"-2\"", config => config.Linux = new Wire.LinuxContainerConfig { Resources = new Wire.LinuxContainerResources { MemoryLimitInBytes = -2 } }),
        ("config.windows \"set\"", config => config.Windows = new Wire.WindowsContainerConfig()),
    ];

    [Fact]
    public void Everything_that_a_kubelet_sends_arrives()
    {
        Wire.ContainerConfig wire = Good();
        wire.Command.Add("/bin/sh");
        wire.Args.Add("-c");
        wire.Envs.Add(new Wire.KeyValue { Key = "Ä", Value = ByteString.CopyFromUtf8("ü=1") });
        wire.Mounts.Add(new Wire.Mount
        {
            HostPath = "/a", ContainerPath = "/b", Readonly = true, RecursiveReadOnly = true, MountOptions = { "noexec" },
        });
        wire.Devices.Add(new Wire.Device { HostPath = "/dev/null", ContainerPath = "/dev/x", Permissions = "rw" });
        wire.CDIDevices.Add(new Wire.CDIDevice { Name = "vendor.example/gpu=0" });
        wire.LogPath = "web/0.log";
        wire.StopSignal = Wire.Signal.Sigquit;
        wire.Linux = new Wire.LinuxContainerConfig
        {
            Resources = new Wire.LinuxContainerResources { MemoryLimitInBytes = 1 << 20, OomScoreAdj = -997 },
            SecurityContext = new Wire.LinuxContainerSecurityContext
            {
                Capabilities = new Wire.Capability { AddCapabilities = { "NET_ADMIN" } },
                RunAsUsername = "www", NoNewPrivs = true, MaskedPaths = { "/proc/kcore" },
                SupplementalGroupsPolicy = Wire.SupplementalGroupsPolicy.Strict,
                Seccomp = new Wire.SecurityProfile { ProfileType = Wire.SecurityProfile.Types.ProfileType.Localhost, LocalhostRef = "/p.json" },
            },
        };

        ContainerConfig config = ContainerConfigMap.FromWire(wire);

        Assert.Equal(new EnvironmentVariable("Ä", "ü=1"), Assert.Single(config.Environment));
        ContainerMount mount = Assert.Single(config.Mounts);
        Assert.True(mount.RecursiveReadonly);
        Assert.Equal(["noexec"], mount.Options);
        Assert.Equal(new ContainerDevice("/dev/x", "/dev/null", "rw"), Assert.Single(config.Devices));
        Assert.Equal(["vendor.example/gpu=0"], config.CdiDevices);
        Assert.Equal(("web/0.log", 3), (config.LogPath, config.StopSignal));
        Assert.Equal((1 << 20, -997), (config.Resources.MemoryLimit, config.Resources.OomScoreAdj));
        Assert.Equal(["NET_ADMIN"], config.Security.Capabilities.Add);
        Assert.Equal((SupplementalGroupsPolicy.Strict, "www", true), (config.Security.SupplementalGroupsPolicy, config.Security.RunAsUsername, config.Security.NoNewPrivileges));
        Assert.Equal(new SecurityProfile(SecurityProfileType.Localhost, "/p.json"), config.Security.Seccomp);
    }

    [Fact]
    public void A_mount_comes_back_in_the_status_as_it_was_asked_for()
    {
        var wire = new Wire.Mount
        {
            ContainerPath = "/b", Image = new Wire.ImageSpec { Image = "x", UserSpecifiedImage = "y" }, ImageSubPath = "sub",
            Readonly = true, Propagation = Wire.MountPropagation.PropagationHostToContainer,
            UidMappings = { new Wire.IDMapping { HostId = 1, ContainerId = 2, Length = 3 } }, MountOptions = { "nosuid", "nodev" },
        };

        Assert.Equal(wire, MountMap.ToWire(MountMap.FromWire(wire, 0)));
    }

    [Fact]
    public void Resources_come_back_as_they_were_asked_for()
    {
        var wire = new Wire.LinuxContainerResources
        {
            CpuPeriod = 1, CpuQuota = 2, CpuShares = 3, MemoryLimitInBytes = 4, OomScoreAdj = 5, CpusetCpus = "6", CpusetMems = "7",
            MemorySwapLimitInBytes = 8, HugepageLimits = { new Wire.HugepageLimit { PageSize = "2MB", Limit = 9 } }, Unified = { ["a"] = "b" },
        };

        Assert.Equal(wire, ResourcesMap.ToWire(ResourcesMap.FromWire("linux", wire)));
    }

    [Theory]
    [InlineData("runtime/default", SecurityProfileType.RuntimeDefault, "")]
    [InlineData("docker/default", SecurityProfileType.RuntimeDefault, "")]
    [InlineData("unconfined", SecurityProfileType.Unconfined, "")]
    [InlineData("localhost//p.json", SecurityProfileType.Localhost, "/p.json")]
    public void The_old_words_of_seccomp_are_understood(string old, SecurityProfileType type, string reference) =>
        Assert.Equal(new SecurityProfile(type, reference), SecurityMap.Profile("seccomp", null, old));

    [Fact]
    public void A_wrong_field_is_named() => Assert.All(s_wrong, wrong =>
    {
        Wire.ContainerConfig wire = Good();
        wrong.Spoil(wire);

        EngineException e = Assert.Throws<EngineException>(() => ContainerConfigMap.FromWire(wire));

        Assert.Equal(EngineError.InvalidArgument, e.Error);
        Assert.StartsWith(wrong.Message, e.Message, StringComparison.Ordinal);
    });

    private static Wire.ContainerConfig Good() => new()
    {
        Metadata = new Wire.ContainerMetadata { Name = "web", Attempt = 1 },
        Image = new Wire.ImageSpec { Image = "registry.example/web:1" },
    };
}
