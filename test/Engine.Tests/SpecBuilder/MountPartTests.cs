// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Containers;
using Gantry.Engine.Images;
using Gantry.Engine.Pods;
using Gantry.Oci.Image;
using Gantry.Oci.Runtime;

namespace Gantry.Engine.Tests.SpecBuilder;

public sealed class MountPartTests
{
    [Fact]
    public void A_requested_mount_takes_the_place_of_the_default_at_the_same_destination()
    {
        Spec spec = SpecRig.Build(With(new ContainerMount { ContainerPath = "/etc//resolv.conf/", HostPath = "/host/resolv" }));

        Assert.Equal("/host/resolv", Assert.Single(spec.Mounts!, static m => m.Destination == "/etc/resolv.conf").Source);
    }

    [Fact]
    public void A_mount_inside_another_one_comes_after_it()
    {
        Spec spec = SpecRig.Build(With(
            new ContainerMount { ContainerPath = "/a/b/c", HostPath = "/1" },
            new ContainerMount { ContainerPath = "/a", HostPath = "/2" },
            new ContainerMount { ContainerPath = "/a/b", HostPath = "/3" }));

        string[] order = [.. spec.Mounts!.Select(static m => m.Destination).Where(static d => d.StartsWith("/a", StringComparison.Ordinal))];
        Assert.Equal(["/a", "/a/b", "/a/b/c"], order);
    }

    [Theory]
    [InlineData(MountPropagation.Private, "rprivate")]
    [InlineData(MountPropagation.HostToContainer, "rslave")]
    [InlineData(MountPropagation.Bidirectional, "rshared")]
    public void Propagation_is_the_runtimes_word_for_it(MountPropagation propagation, string option)
    {
        Mount mount = Requested(new ContainerMount { ContainerPath = "/x", HostPath = "/y", Propagation = propagation });

        Assert.Equal(["rbind", option, "rw"], mount.Options);
    }

    [Fact]
    public void Recursive_read_only_is_one_option()
    {
        Mount mount = Requested(new ContainerMount { ContainerPath = "/x", HostPath = "/y", Readonly = true, RecursiveReadonly = true });

        Assert.Equal(["rbind", "rprivate", "rro"], mount.Options);
    }

    [Theory]
    [InlineData(false, MountPropagation.Private)]
    [InlineData(true, MountPropagation.HostToContainer)]
    [InlineData(true, MountPropagation.Bidirectional)]
    public void Recursive_read_only_needs_read_only_and_private(bool readOnly, MountPropagation propagation)
    {
        EngineException error = Refused(new ContainerMount
        {
            ContainerPath = "/x", HostPath = "/y", Readonly = readOnly, RecursiveReadonly = true, Propagation = propagation,
        });

        Assert.Equal(EngineError.InvalidArgument, error.Error);
        Assert.Contains("recursive_read_only", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/", "/y")]
    [InlineData("relative", "/y")]
    [InlineData("/a/../../etc", "/y")]
    [InlineData("/x", "")]
    [InlineData("/x", "y")]
    [InlineData("/x", "/y/../z")]
    [InlineData("/x\n/y", "/y")]
    public void A_mount_with_an_unclean_path_is_refused(string inside, string host) => Assert.Equal(
        EngineError.InvalidArgument, Refused(new ContainerMount { ContainerPath = inside, HostPath = host }).Error);

    [Fact]
    public void An_option_that_is_not_served_is_refused_and_named() => Assert.Contains(
        "mount_options 'suid'",
        Refused(new ContainerMount { ContainerPath = "/x", HostPath = "/y", Options = ["noexec", "suid"] }).Message,
        StringComparison.Ordinal);

    [Fact]
    public void An_image_mount_is_refused_as_unserved() => Assert.Equal(
        EngineError.Unimplemented,
        Refused(new ContainerMount { ContainerPath = "/x", Image = new ImageSpec { Image = "y" } }).Error);

    [Fact]
    public void Shared_memory_is_the_pods_or_the_hosts()
    {
        PodConfig hostIpc = SpecRig.Pod with
        {
            Security = new PodSecurity { Namespaces = new NamespaceOptions { Ipc = NamespaceMode.Node, Pid = NamespaceMode.Container } },
        };

        Assert.Equal("gantry:shm", Shm(SpecRig.Build(SpecRig.Container)));
        Assert.Equal("/dev/shm", Shm(SpecRig.Build(SpecRig.Request(pod: hostIpc))));
    }

    /// <summary>CVE-2022-23648: a volume path in an image config copied host files.</summary>
    [Theory]
    [InlineData("/../../etc")]
    [InlineData("/data/../../etc")]
    [InlineData("relative")]
    public void CVE_2022_23648_an_image_volume_that_leaves_the_root_is_refused(string path) =>
        Assert.Contains("image VOLUME", Volume(path).Message, StringComparison.Ordinal);

    /// <summary>CVE-2019-19921, CVE-2023-27561: a volume over /proc redirects what the runtime writes there.</summary>
    [Theory]
    [InlineData("/proc")]
    [InlineData("/proc/self/attr")]
    [InlineData("//proc/./sys")]
    [InlineData("/sys")]
    [InlineData("/dev/shm")]
    [InlineData("/")]
    public void CVE_2019_19921_an_image_volume_on_a_kernel_file_system_is_refused(string path) =>
        Assert.Equal(EngineError.InvalidArgument, Volume(path).Error);

    [Fact]
    public void A_directory_whose_name_only_starts_like_proc_is_an_ordinary_volume()
    {
        Spec spec = SpecRig.Build(SpecRig.Request(image: new ImageRunConfig { Volumes = ["/process"] }));

        Assert.Equal("/var/lib/gantry/volumes/c0ffee/0", Assert.Single(spec.Mounts!, static m => m.Destination == "/process").Source);
    }

    private static EngineException Volume(string path) =>
        SpecRig.Refused(SpecRig.Request(image: new ImageRunConfig { Volumes = [path] }));

    private static string? Shm(Spec spec) => spec.Mounts!.Single(static m => m.Destination == "/dev/shm").Source;

    private static ContainerConfig With(params ContainerMount[] mounts) => SpecRig.Container with { Mounts = mounts };

    private static Mount Requested(ContainerMount mount) =>
        SpecRig.Build(With(mount)).Mounts!.Single(m => m.Destination == mount.ContainerPath);

    private static EngineException Refused(ContainerMount mount) => SpecRig.Refused(SpecRig.Request(With(mount)));
}
