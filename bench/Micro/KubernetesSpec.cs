// SPDX-License-Identifier: Apache-2.0
using Gantry.Oci.Runtime;

namespace Gantry.Bench.Micro;

/// <summary>Specifications to plan.</summary>
internal static class KubernetesSpec
{
    private static readonly string[] s_capabilities =
    [
        "CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_MKNOD", "CAP_NET_BIND_SERVICE",
        "CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT",
    ];

    /// <summary>A process in new namespaces, nothing else.</summary>
    internal static Spec Bare { get; } = new()
    {
        OciVersion = "1.2.0",
        Process = new Process { Args = ["/bin/true"], Cwd = "/", Env = ["PATH=/bin"] },
        Root = new Root { Path = "rootfs" },
        Linux = new Linux { Namespaces = Namespaces("mount", "pid") },
    };

    /// <summary>What the engine makes of a kubelet's container: mounts, masks, capabilities, the default filter.</summary>
    internal static Spec Full { get; } = new()
    {
        OciVersion = "1.2.0",
        Process = new Process
        {
            Args = ["/bin/sleep", "86400"],
            Cwd = "/",
            Env = ["PATH=/bin", "KUBERNETES_SERVICE_HOST=10.96.0.1", "KUBERNETES_SERVICE_PORT=443"],
            OomScoreAdj = 1000,
            Capabilities = new LinuxCapabilities { Bounding = s_capabilities, Effective = s_capabilities, Permitted = s_capabilities },
        },
        Root = new Root { Path = "rootfs" },
        Hostname = "bench",
        Mounts =
        [
            new Mount { Destination = "/proc", Type = "proc", Source = "proc", Options = ["nosuid", "noexec", "nodev"] },
            new Mount { Destination = "/dev", Type = "tmpfs", Source = "tmpfs", Options = ["nosuid", "strictatime", "mode=755", "size=65536k"] },
            new Mount { Destination = "/dev/pts", Type = "devpts", Source = "devpts", Options = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"] },
            new Mount { Destination = "/dev/mqueue", Type = "mqueue", Source = "mqueue", Options = ["nosuid", "noexec", "nodev"] },
            new Mount { Destination = "/dev/shm", Type = "tmpfs", Source = "shm", Options = ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"] },
            new Mount { Destination = "/sys", Type = "sysfs", Source = "sysfs", Options = ["nosuid", "noexec", "nodev", "ro"] },
            Bind("/etc/hosts", "/etc/hosts"),
            Bind("/etc/resolv.conf", "/etc/resolv.conf"),
            Bind("/etc/hostname", "/etc/hostname"),
            Bind("/dev/termination-log", "/dev/null"),
        ],
        Linux = new Linux
        {
            Namespaces = Namespaces("mount", "pid", "network", "ipc", "uts", "cgroup"),
            MaskedPaths =
            [
                "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
                "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
            ],
            ReadonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
            Seccomp = DefaultSeccomp.For(s_capabilities.ToHashSet(StringComparer.Ordinal)),
        },
    };

    private static Mount Bind(string destination, string source) =>
        new() { Destination = destination, Type = "bind", Source = source, Options = ["rbind", "rprivate", "ro"] };

    private static LinuxNamespace[] Namespaces(params string[] types) => [.. types.Select(static type => new LinuxNamespace { Type = type })];
}
