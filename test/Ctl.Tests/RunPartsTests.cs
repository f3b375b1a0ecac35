// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.V1;
using Gantry.Ctl.Run;

namespace Gantry.Ctl.Tests;

public sealed class RunPartsTests
{
    [Theory]
    [InlineData("8080:80", "", 8080, 80, "Tcp")]
    [InlineData("127.0.0.1:8080:80/udp", "127.0.0.1", 8080, 80, "Udp")]
    [InlineData("[::1]:53:53/sctp", "::1", 53, 53, "Sctp")]
    public void A_port_is_address_host_container_and_protocol(string text, string address, int host, int container, string protocol)
    {
        PortMapping port = RunParts.Port(text);

        Assert.Equal((address, host, container, protocol), (port.HostIp, port.HostPort, port.ContainerPort, port.Protocol.ToString()));
    }

    [Theory]
    [InlineData("80")]
    [InlineData("0:80")]
    [InlineData("80:65536")]
    [InlineData("a:b")]
    [InlineData("nowhere:80:80")]
    [InlineData("80:80/icmp")]
    [InlineData("")]
    [InlineData(":")]
    public void A_wrong_port_is_named(string text)
    {
        CommandFailure failure = Assert.Throws<CommandFailure>(() => RunParts.Port(text));

        Assert.StartsWith($"--publish \"{text}\": accepted:", failure.Message, StringComparison.Ordinal);
        Assert.Equal(125, failure.Code);
    }

    [Theory]
    [InlineData("512m", 512L << 20)]
    [InlineData("2g", 2L << 30)]
    [InlineData("1.5GB", 1536L << 20)]
    [InlineData("4096", 4096)]
    public void Memory_is_a_number_with_a_unit(string text, long bytes) => Assert.Equal(bytes, RunParts.Memory(text));

    [Theory]
    [InlineData("")]
    [InlineData("m")]
    [InlineData("-1m")]
    [InlineData("0")]
    [InlineData("99999999999t")]
    [InlineData("1x")]
    public void A_wrong_memory_is_named(string text) => Assert.Throws<CommandFailure>(() => RunParts.Memory(text));

    [Fact]
    public void A_volume_is_two_absolute_paths_and_perhaps_a_mode()
    {
        Assert.False(RunParts.Volume("/a:/b").Readonly);
        Assert.True(RunParts.Volume("/a:/b:ro").Readonly);
        Assert.Throws<CommandFailure>(() => RunParts.Volume("a:/b"));
        Assert.Throws<CommandFailure>(() => RunParts.Volume("/a"));
        Assert.Throws<CommandFailure>(() => RunParts.Volume("/a:/b:rx"));
    }

    [Fact]
    public void A_user_is_a_number_or_a_name()
    {
        var number = new LinuxContainerSecurityContext();
        RunParts.User("1000:100", number);
        var name = new LinuxContainerSecurityContext();
        RunParts.User("www-data", name);

        Assert.Equal((1000, 100), (number.RunAsUser.Value, number.RunAsGroup.Value));
        Assert.Equal("www-data", name.RunAsUsername);
        Assert.Null(name.RunAsUser);
    }

    /// <summary>No wrap to root, and no number that becomes a name.</summary>
    [Theory]
    [InlineData("4294967296")]
    [InlineData("4294967295")]
    [InlineData("1:4294967296")]
    [InlineData("")]
    [InlineData("1:2:3")]
    public void CVE_2024_40635_a_user_that_does_not_fit_is_refused(string text) =>
        Assert.Throws<CommandFailure>(() => RunParts.User(text, new LinuxContainerSecurityContext()));

    [Fact]
    public void A_variable_without_a_value_takes_the_one_from_here()
    {
        Environment.SetEnvironmentVariable("GANTRY_TEST_VARIABLE", "here");

        Assert.Equal("here", RunParts.Variable("GANTRY_TEST_VARIABLE").Value.ToStringUtf8());
        Assert.Equal("a=b", RunParts.Variable("X=a=b").Value.ToStringUtf8());
        Assert.Throws<CommandFailure>(() => RunParts.Variable("=x"));
    }

    [Theory]
    [InlineData("registry.example:5000/team/web-app:1.2@sha256:00", "web-app-")]
    [InlineData("nginx", "nginx-")]
    [InlineData("x/___", "run-")]
    public void An_invented_name_comes_from_the_image(string image, string start)
    {
        string name = RunPlan.Invent(image);

        Assert.StartsWith(start, name, StringComparison.Ordinal);
        Assert.Equal(name, RunParts.Name(name));
    }
}
