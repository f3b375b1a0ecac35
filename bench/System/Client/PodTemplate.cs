// SPDX-License-Identifier: Apache-2.0
using Google.Protobuf;
using Gantry.Cri.V1;

namespace Gantry.Bench.System.Client;

/// <summary>A pod and its container as a kubelet asks for them: limits, masks, seccomp, logs, mounted files, environment.</summary>
internal sealed class PodTemplate(BenchOptions options, string run, RuntimeAddress runtime)
{
    /// <summary>Label of every pod of a run, and variable in the environment of every container.</summary>
    internal const string Label = "gantry.bench/run";
    internal const string Variable = "GANTRY_BENCH";

    private const long MemoryLimit = 64 << 20;

    private static readonly string[] s_masked =
    [
        "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
        "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
    ];

    private static readonly string[] s_readonly = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

    private static readonly SecurityProfile s_seccomp = new() { ProfileType = SecurityProfile.Types.ProfileType.RuntimeDefault };
    private static readonly NamespaceOption s_namespaces = new() { Pid = NamespaceMode.Container };
    private int _count;

    /// <summary>Value of <see cref="Variable"/> and <see cref="Label"/>: this runtime in this run.</summary>
    internal string Mark { get; } = $"{run}-{runtime.Name}";

    /// <summary>Makes the files that a kubelet makes before it asks.</summary>
    internal PodSandboxConfig NextPod()
    {
        string name = $"bench-{Interlocked.Increment(ref _count)}", uid = Guid.NewGuid().ToString();
        string directory = Path.Combine(options.Files, Mark, name);
        Directory.CreateDirectory(Path.Combine(directory, "main"));
        File.WriteAllText(Path.Combine(directory, "hosts"), "127.0.0.1 localhost\n");
        File.WriteAllText(Path.Combine(directory, "termination-log"), "");
        return new PodSandboxConfig
        {
            Metadata = new PodSandboxMetadata { Name = name, Uid = uid, Namespace = "bench" },
            Hostname = name,
            LogDirectory = directory,
            DnsConfig = new DNSConfig
            {
                Servers = { "10.96.0.10" },
                Searches = { "bench.svc.cluster.local", "svc.cluster.local", "cluster.local" },
                Options = { "ndots:5" },
            },
            Labels =
            {
                [Label] = Mark, ["app"] = "bench", ["io.kubernetes.pod.name"] = name,
                ["io.kubernetes.pod.namespace"] = "bench", ["io.kubernetes.pod.uid"] = uid,
            },
            Annotations = { ["kubernetes.io/config.seen"] = "2026-01-01T00:00:00Z", ["kubernetes.io/config.source"] = "api" },
            Linux = new LinuxPodSandboxConfig
            {
                CgroupParent = options.CgroupParent,
                SecurityContext = new LinuxSandboxSecurityContext { NamespaceOptions = s_namespaces, Seccomp = s_seccomp },
            },
        };
    }

    internal ContainerConfig Container(PodSandboxConfig pod)
    {
        var container = new ContainerConfig
        {
            Metadata = new ContainerMetadata { Name = "main" },
            Image = new ImageSpec { Image = runtime.Image },
            Command = { "/bin/sleep", "86400" },
            LogPath = "main/0.log",
            Labels = { ["io.kubernetes.container.name"] = "main", ["io.kubernetes.pod.name"] = pod.Metadata.Name, ["io.kubernetes.pod.uid"] = pod.Metadata.Uid },
            Annotations = { ["io.kubernetes.container.hash"] = "a1b2c3d4", ["io.kubernetes.container.restartCount"] = "0" },
            Mounts =
            {
                new Mount { ContainerPath = "/etc/hosts", HostPath = Path.Combine(pod.LogDirectory, "hosts") },
                new Mount { ContainerPath = "/dev/termination-log", HostPath = Path.Combine(pod.LogDirectory, "termination-log") },
            },
            Linux = new LinuxContainerConfig { Resources = Resources(), SecurityContext = Security() },
        };
        container.Envs.Add(Env(Variable, Mark));
        container.Envs.Add(Env("KUBERNETES_SERVICE_HOST", "10.96.0.1"));
        container.Envs.Add(Env("KUBERNETES_SERVICE_PORT", "443"));
        return container;
    }

    private static KeyValue Env(string key, string value) => new() { Key = key, Value = ByteString.CopyFromUtf8(value) };

    private static LinuxContainerResources Resources() =>
        new() { CpuPeriod = 100_000, CpuShares = 102, MemoryLimitInBytes = MemoryLimit, OomScoreAdj = 1000 };

    private static LinuxContainerSecurityContext Security()
    {
        var security = new LinuxContainerSecurityContext { NamespaceOptions = s_namespaces, Seccomp = s_seccomp, Capabilities = new Capability() };
        security.MaskedPaths.AddRange(s_masked);
        security.ReadonlyPaths.AddRange(s_readonly);
        return security;
    }
}
