// SPDX-License-Identifier: Apache-2.0
using Gantry.Oci.Runtime;
using Gantry.Runtime.Launch;

namespace Gantry.Runtime.Tests.Launch;

public sealed class ContainerLauncherTests
{
    [Fact]
    public void A_container_is_pid_1_on_a_root_of_its_own()
    {
        using TestContainer container = new();

        RunResult result = container.Run(TestContainer.Spec("sh", "-c", "echo $$; ls /; readlink /proc/self; true"));

        Assert.Equal(0, result.ExitCode);
        Assert.Equal("1\nbin\ndev\netc\nproc\nsys\ntmp\n3\n", result.Output);
    }

    [Fact]
    public void The_exit_code_is_the_programs()
    {
        using TestContainer container = new();

        Assert.Equal(42, container.Run(TestContainer.Spec("sh", "-c", "exit 42")).ExitCode);
    }

    [Fact]
    public void Devices_links_and_mounts_are_the_standard_ones()
    {
        using TestContainer container = new();

        RunResult result = container.Run(TestContainer.Spec(
            "sh", "-c", "ls /dev; stat -c '%F %t:%T %a' /dev/null /dev/tty; readlink /dev/fd; readlink /dev/ptmx; stat -fc %T /dev/shm /dev/pts /sys /dev/mqueue"));

        Assert.Equal(
            """
            fd
            full
            mqueue
            null
            ptmx
            pts
            random
            shm
            stderr
            stdin
            stdout
            tty
            urandom
            zero
            character special file 1:3 666
            character special file 5:0 666
            /proc/self/fd
            pts/ptmx
            tmpfs
            devpts
            sysfs

            """,
            result.Output.Replace("UNKNOWN\n", "", StringComparison.Ordinal));
    }

    [Fact]
    public void Masked_paths_are_empty_and_readonly_paths_refuse_writes()
    {
        using TestContainer container = new();

        RunResult result = container.Run(TestContainer.Spec(
            "sh", "-c", "cat /proc/keys; ls /sys/firmware; stat -c %t:%T /proc/keys; echo 1 > /proc/sys/net/ipv4/ip_forward || echo refused"));

        Assert.Equal("1:3\nsh: can't create /proc/sys/net/ipv4/ip_forward: Read-only file system\nrefused\n", result.Output);
    }

    [Fact]
    public void Only_0_1_and_2_are_open_and_no_host_mount_is_seen()
    {
        using TestContainer container = new();

        RunResult result = container.Run(TestContainer.Spec("sh", "-c", "ls /proc/1/fd; cat /proc/self/mountinfo"));

        Assert.StartsWith("0\n1\n2\n", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("/dev/vda", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("rootfs /rootfs", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bind_shows_the_host_directory_and_ro_refuses_writes()
    {
        using TestContainer container = new();
        File.WriteAllText(Path.Combine(container.Host, "file"), "from the host");
        Spec spec = TestContainer.Spec("sh", "-c", "cat /data/sub/file; touch /data/sub/x || echo refused");
        spec = spec with { Mounts = [.. spec.Mounts!, new Mount { Destination = "/data/sub", Type = "bind", Source = container.Host, Options = ["rbind", "ro"] }] };

        RunResult result = container.Run(spec);

        Assert.StartsWith("from the host", result.Output, StringComparison.Ordinal);
        Assert.EndsWith("refused\n", result.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(container.Host, "x")));
    }

    [Fact]
    public void A_mount_below_another_mount_is_found_through_the_images_links()
    {
        using TestContainer container = new();
        File.CreateSymbolicLink(container.Lower("var"), "/data");
        File.WriteAllText(Path.Combine(container.Host, "file"), "x");
        Spec spec = TestContainer.Spec("sh", "-c", "ls /data/inner /var/inner");
        spec = spec with
        {
            Mounts =
            [
                .. spec.Mounts!,
                new Mount { Destination = "/data", Type = "tmpfs", Source = "tmpfs" },
                new Mount { Destination = "/var/inner", Type = "bind", Source = container.Host, Options = ["bind"] },
            ],
        };

        Assert.Equal("/data/inner:\nfile\n\n/var/inner:\nfile\n", container.Run(spec).Output);
    }

    [Fact]
    public void Ids_groups_directory_and_environment_are_as_asked()
    {
        using TestContainer container = new();
        Spec spec = TestContainer.Spec("sh", "-c", "id; pwd; echo $GREETING; grep -E '^Cap(Inh|Prm|Eff|Amb)|NoNewPrivs' /proc/self/status");
        spec = spec with
        {
            Process = spec.Process! with
            {
                Cwd = "/made/on/demand", Env = ["PATH=/bin", "GREETING=hello"], NoNewPrivileges = true,
                User = new User { Uid = 1000, Gid = 1001, AdditionalGids = [1001, 2000] },
            },
        };

        Assert.Equal(
            "uid=1000 gid=1001 groups=1001,2000\n/made/on/demand\nhello\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n"
            + "CapEff:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\n",
            container.Run(spec).Output);
    }

    [Theory]
    [InlineData("no-such-program", 127)]
    [InlineData("/etc", 126)]
    public void A_program_that_cannot_run_is_an_error_with_the_shells_code(string program, int exitCode)
    {
        using TestContainer container = new();

        var error = Assert.Throws<LaunchException>(() => container.Run(TestContainer.Spec(program)));

        Assert.Equal(exitCode, error.ExitCode);
        Assert.Contains(program, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CVE_2024_21626_a_working_directory_through_a_descriptor_is_refused()
    {
        using TestContainer container = new();
        foreach (int fd in Enumerable.Range(0, 65))
        {
            Spec spec = TestContainer.Spec("pwd");
            spec = spec with { Process = spec.Process! with { Cwd = $"/proc/self/fd/{fd}" } };

            Assert.Throws<LaunchException>(() => container.Run(spec));
        }
    }

    [Fact]
    public void A_terminal_is_the_controlling_one_and_the_console()
    {
        using TestContainer container = new();
        Spec spec = TestContainer.Spec("sh", "-c", "tty; stat -c %F /dev/console; test -t 0 && echo terminal");
        spec = spec with { Process = spec.Process! with { Terminal = true } };

        Assert.Equal("/dev/pts/0\r\ncharacter special file\r\nterminal\r\n", container.Run(spec).Output);
    }

    [Fact]
    public void A_user_namespace_maps_root_to_the_given_ids()
    {
        using TestContainer container = new();
        Spec spec = TestContainer.Spec("sh", "-c", "id -u; cat /proc/self/uid_map");
        spec = spec with
        {
            Mounts = [.. spec.Mounts!.Where(static m => m.Type is "proc")],
            Linux = spec.Linux! with
            {
                Namespaces = [.. spec.Linux!.Namespaces!, new LinuxNamespace { Type = "user" }],
                UidMappings = [new IdMapping { ContainerId = 0, HostId = 100000, Size = 65536 }],
                GidMappings = [new IdMapping { ContainerId = 0, HostId = 100000, Size = 65536 }],
            },
        };

        Assert.Equal("0\n         0     100000      65536\n", container.Run(spec).Output);
    }

    [Fact]
    public void A_pods_namespaces_are_shared_by_its_containers()
    {
        using PodNamespaces pod = PodNamespaces.Create(new PodNamespacesRequest
        {
            Hostname = "the-pod", OwnIpc = true, ShmSize = 1 << 20,
            Sysctls = new Dictionary<string, string> { ["kernel.msgmax"] = "12345" },
        });
        using TestContainer first = new();
        using TestContainer second = new();
        Spec spec = TestContainer.Spec("sh", "-c", "hostname; cat /proc/sys/kernel/msgmax; cat /dev/shm/x 2>/dev/null; echo shared > /dev/shm/x");
        spec = spec with
        {
            Mounts = [.. spec.Mounts!.Where(static m => m.Destination != "/dev/shm"), new Mount { Destination = "/dev/shm", Type = "bind", Source = "gantry:shm" }],
        };

        Assert.Equal("the-pod\n12345\n", first.Run(spec, pod).Output);
        Assert.Equal("the-pod\n12345\nshared\n", second.Run(spec, pod).Output);
    }

    [Fact]
    public void Nothing_is_mounted_on_the_host()
    {
        string before = File.ReadAllText("/proc/self/mountinfo");
        using (TestContainer container = new())
        {
            container.Run(TestContainer.Spec("true"));
            Assert.Equal(before, File.ReadAllText("/proc/self/mountinfo"));
        }

        Assert.Equal(before, File.ReadAllText("/proc/self/mountinfo"));
    }
}
