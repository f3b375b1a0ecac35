// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Containers;
using Gantry.Engine.Node;
using Gantry.Engine.SpecBuilder;

namespace Gantry.Engine.Tests.Node;

public sealed class NodeProbeTests
{
    [Fact]
    public void Capabilities_are_read_bit_by_bit()
    {
        Assert.Equal(["CAP_CHOWN", "CAP_FOWNER"], NodeProbe.Capabilities(["CapInh:\t0000000000000000", "CapBnd:\t0000000000000009"]));
        Assert.Equal(CapabilityPart.Names, NodeProbe.Capabilities(["CapBnd:\t000001ffffffffff"]));
        Assert.Empty(NodeProbe.Capabilities([]));
    }

    [Theory]
    [InlineData("Max open files            1024                 524288               files     ", 524288UL)]
    [InlineData("Max open files            1024                 unlimited            files     ", ulong.MaxValue)]
    [InlineData("Max cpu time              unlimited            unlimited            seconds   ", ulong.MaxValue)]
    public void The_hard_limit_of_open_files_is_read(string line, ulong expected) =>
        Assert.Equal(expected, NodeProbe.MaxOpenFiles([line]));

    [Fact]
    public void A_device_is_found_with_its_numbers()
    {
        HostDevice device = Assert.Single(NodeProbe.Find([new ContainerDevice("/dev/nothing", "/dev/null", "rw")]));

        Assert.Equal(("/dev/nothing", "c", 1L, 3L, "rw"), (device.Path, device.Type, device.Major, device.Minor, device.Access));
    }

    [Fact]
    public void A_directory_stands_for_the_devices_in_it()
    {
        Assert.SkipUnless(File.Exists("/dev/net/tun"), "no /dev/net/tun");

        HostDevice device = Assert.Single(NodeProbe.Find([new ContainerDevice("/dev/x", "/dev/net", "")]));

        Assert.Equal(("/dev/x/tun", "rwm"), (device.Path, device.Access));
    }

    [Theory]
    [InlineData("/etc/passwd", "rwm")]
    [InlineData("/dev/absent", "rwm")]
    [InlineData("/dev/null", "x")]
    [InlineData("relative", "rwm")]
    public void What_is_no_device_is_refused(string path, string permissions) => Assert.Equal(
        EngineError.InvalidArgument,
        Assert.Throws<EngineException>(() => NodeProbe.Find([new ContainerDevice("/dev/x", path, permissions)])).Error);

    [Fact]
    public void A_privileged_container_gets_all_devices_but_those_it_has_of_its_own()
    {
        string[] paths = [.. NodeProbe.All().Select(static d => d.Path)];

        Assert.NotEmpty(paths);
        Assert.Equal(paths.Distinct(), paths);
        Assert.DoesNotContain("/dev/null", paths);
        Assert.DoesNotContain("/dev/ptmx", paths);
        Assert.DoesNotContain(paths, static p => p.StartsWith("/dev/pts/", StringComparison.Ordinal));
    }
}
