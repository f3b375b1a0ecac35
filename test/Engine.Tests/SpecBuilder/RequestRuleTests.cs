// SPDX-License-Identifier: Apache-2.0
using CsCheck;
using Gantry.Engine.Containers;
using Gantry.Engine.Pods;
using Gantry.Engine.SpecBuilder;
using Gantry.MonitorApi;

namespace Gantry.Engine.Tests.SpecBuilder;

public sealed class RequestRuleTests
{
    [Theory]
    [InlineData("/var/log/pods/a", "web/0.log", "/var/log/pods/a/web/0.log")]
    [InlineData("/var/log//pods/", "./0.log", "/var/log/pods/0.log")]
    [InlineData("", "0.log", "")]
    [InlineData("/var/log", "", "")]
    public void A_log_lies_in_the_pods_directory(string directory, string path, string expected) =>
        Assert.Equal(expected, LogFile.Path(directory, path));

    /// <summary>CVE-2025-0750: a log path left its directory.</summary>
    [Theory]
    [InlineData("/var/log/../../etc", "x")]
    [InlineData("/var/log", "../../etc/passwd")]
    [InlineData("/var/log", "/etc/passwd")]
    [InlineData("var/log", "x")]
    [InlineData("/var/log", "a/../../b")]
    [InlineData("/var/log", "a\nb")]
    public void CVE_2025_0750_a_log_path_that_leaves_its_directory_is_refused(string directory, string path) => Assert.Equal(
        EngineError.InvalidArgument, Assert.Throws<EngineException>(() => LogFile.Path(directory, path)).Error);

    [Fact]
    public void Whatever_the_parts_are_a_log_stays_below_its_directory() =>
        Gen.Select(Parts(), Parts()).Sample((directory, path) =>
        {
            string combined;
            try
            {
                combined = LogFile.Path("/" + directory, path);
            }
            catch (EngineException)
            {
                return true;
            }

            return combined.Length == 0 || (combined == Path.GetFullPath(combined) && !combined.Contains("/../", StringComparison.Ordinal));
        });

    [Theory]
    [InlineData("net.ipv4.ip_forward", "net.ipv4.ip_forward")]
    [InlineData("net/ipv4/conf/eth0.100/rp_filter", "net.ipv4.conf.eth0/100.rp_filter")]
    [InlineData("kernel.shm_rmid_forced", "kernel.shm_rmid_forced")]
    [InlineData("fs.mqueue.msg_max", "fs.mqueue.msg_max")]
    public void A_sysctl_of_the_pods_namespaces_is_taken(string name, string expected) =>
        Assert.Equal([KeyValuePair.Create(expected, "1")], Sysctls.Check(One(name, "1"), new NamespaceOptions()));

    /// <summary>CVE-2022-0811: a sysctl value became arguments of a helper. Ours is data for one file; what is no text is refused.</summary>
    [Theory]
    [InlineData("1\nkernel.core_pattern=|/x")]
    [InlineData("1\0")]
    [InlineData("1\r")]
    public void CVE_2022_0811_control_characters_in_a_sysctl_are_refused(string value) => Assert.Equal(
        EngineError.InvalidArgument,
        Assert.Throws<EngineException>(() => Sysctls.Check(One("kernel.shmmax", value), new NamespaceOptions())).Error);

    [Theory]
    [InlineData("1+kernel.core_pattern=|/x")]
    [InlineData("a = b")]
    public void CVE_2022_0811_everything_else_stays_one_value_of_one_parameter(string value) => Assert.Equal(
        [KeyValuePair.Create("kernel.shmmax", value)], Sysctls.Check(One("kernel.shmmax", value), new NamespaceOptions()));

    [Theory]
    [InlineData("kernel.core_pattern")]
    [InlineData("vm.overcommit_memory")]
    [InlineData("net")]
    [InlineData("net..ipv4")]
    [InlineData("net.../../kernel/core_pattern")]
    [InlineData("")]
    public void A_sysctl_of_the_whole_node_is_refused(string name) => Assert.Equal(
        EngineError.InvalidArgument,
        Assert.Throws<EngineException>(() => Sysctls.Check(One(name, "1"), new NamespaceOptions())).Error);

    [Theory]
    [InlineData("net.core.somaxconn", NamespaceMode.Node, NamespaceMode.Pod)]
    [InlineData("kernel.sem", NamespaceMode.Pod, NamespaceMode.Node)]
    public void A_sysctl_needs_a_namespace_of_the_pods_own(string name, NamespaceMode network, NamespaceMode ipc) =>
        Assert.Throws<EngineException>(() => Sysctls.Check(One(name, "1"), new NamespaceOptions { Network = network, Ipc = ipc }));

    [Theory]
    [InlineData(null, null, 15)]
    [InlineData(null, "SIGQUIT", 3)]
    [InlineData(null, "quit", 3)]
    [InlineData(null, "9", 9)]
    [InlineData(null, "SIGRTMIN+3", 37)]
    [InlineData(null, "RTMAX-1", 63)]
    [InlineData(null, "SIGRTMIN", 34)]
    [InlineData(10, "SIGQUIT", 10)]
    public void The_stop_signal_is_the_requests_else_the_images_else_SIGTERM(int? requested, string? image, int expected) =>
        Assert.Equal(expected, StopSignals.Choose(requested, image));

    [Theory]
    [InlineData(0, null)]
    [InlineData(65, null)]
    [InlineData(null, "SIGNONSENSE")]
    [InlineData(null, "0")]
    [InlineData(null, "-9")]
    [InlineData(null, "SIGRTMIN+31")]
    [InlineData(null, "SIGRTMIN+4294967297")]
    public void What_is_no_signal_is_refused(int? requested, string? image) =>
        Assert.Throws<EngineException>(() => StopSignals.Choose(requested, image));

    [Fact]
    public void A_uid_wins_over_names_and_the_image()
    {
        ProcessUser user = RequestedUser.Build(new ContainerSecurity { RunAsUser = 1000, RunAsUsername = "x" }, "image");

        Assert.Equal((1000u, null), (user.Uid, user.Name));
    }

    [Fact]
    public void The_images_user_is_the_last_resort()
    {
        Assert.Equal("named", RequestedUser.Build(new ContainerSecurity { RunAsUsername = "named" }, "image:grp").Name);
        Assert.Equal("image:grp", RequestedUser.Build(new ContainerSecurity(), "image:grp").Name);
    }

    [Fact]
    public void A_group_without_a_user_is_refused() =>
        Assert.Throws<EngineException>(() => RequestedUser.Build(new ContainerSecurity { RunAsGroup = 1 }, "image"));

    /// <summary>CVE-2024-40635: ids beyond 32 bits wrapped round to root.</summary>
    [Theory]
    [InlineData(4294967296)]
    [InlineData(4294967295)]
    [InlineData(-1)]
    public void CVE_2024_40635_an_id_out_of_range_is_refused(long id)
    {
        Assert.Throws<EngineException>(() => RequestedUser.Build(new ContainerSecurity { RunAsUser = id }, null));
        Assert.Throws<EngineException>(() => RequestedUser.Build(new ContainerSecurity { SupplementalGroups = [id] }, null));
    }

    private static Gen<string> Parts()
    {
        string[] parts = ["..", ".", "a", "/", "//", "log", "\n"];
        return Gen.Int[0, parts.Length - 1].Select(i => parts[i]).Array[0, 6].Select(static chosen => string.Concat(chosen));
    }

    private static Dictionary<string, string> One(string name, string value) => new() { [name] = value };
}
