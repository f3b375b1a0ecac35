// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Security.Cryptography;
using Gantry.Cri.V1;
using Gantry.Ctl.Targets;

namespace Gantry.Ctl.Run;

/// <summary>The two configurations that "gantry run" sends: a pod for one container, and the container.</summary>
internal sealed record RunPlan(PodSandboxConfig Pod, ContainerConfig Container)
{
    internal const string LogFile = "0.log";
    private const long CpuPeriod = 100_000;
    private const int SuffixBytes = 2;

    internal string Name => Pod.Metadata.Name;

    internal string LogPath => Path.Combine(Pod.LogDirectory, LogFile);

    internal static RunPlan From(Session session)
    {
        string image = session.Get(RunOptions.Image);
        string name = session.Get(RunOptions.Name) is string chosen ? RunParts.Name(chosen) : Invent(image);
        return new RunPlan(PodOf(session, name), ContainerOf(session, name, image));
    }

    /// <summary>The image's last word and four digits: <c>nginx-3f9a</c>.</summary>
    internal static string Invent(string image)
    {
        string name = image.Split('@')[0];
        string last = name[(name.LastIndexOf('/') + 1)..].Split(':')[0];
        string word = string.Concat(last.Where(c => char.IsAsciiLetterOrDigit(c) || c is '-').Take(40)).Trim('-').ToLowerInvariant();
        return $"{(word.Length == 0 ? "run" : word)}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SuffixBytes))}";
    }

    private static PodSandboxConfig PodOf(Session session, string name)
    {
        List<PortMapping> ports = [.. session.Get(RunOptions.Ports).Select(RunParts.Port)];
        bool onHost = session.Get(RunOptions.Network) == "host";
        var metadata = new PodSandboxMetadata { Name = name, Uid = Guid.NewGuid().ToString(), Namespace = RunLabels.Namespace };
        var pod = new PodSandboxConfig
        {
            Metadata = metadata,
            Hostname = onHost ? "" : session.Get(RunOptions.Hostname) ?? name.Replace('_', '-'),
            LogDirectory = RunLogs.Directory(metadata),
            Linux = new LinuxPodSandboxConfig
            {
                SecurityContext = new LinuxSandboxSecurityContext
                {
                    NamespaceOptions = Namespaces(onHost),
                    Privileged = session.Get(RunOptions.Privileged),
                },
            },
        };
        pod.PortMappings.AddRange(ports);
        pod.Labels.Add(RunLabels.Owner, "true");
        if (ports.Count > 0)
        {
            pod.Annotations.Add(RunLabels.Ports, string.Join(", ", ports.Select(RunParts.Show)));
        }

        return pod;
    }

    private static NamespaceOption Namespaces(bool onHost) => new()
    {
        Network = onHost ? NamespaceMode.Node : NamespaceMode.Pod,
        Pid = NamespaceMode.Container,
        Ipc = NamespaceMode.Pod,
    };

    private static ContainerConfig ContainerOf(Session session, string name, string image)
    {
        var container = new ContainerConfig
        {
            Metadata = new ContainerMetadata { Name = name },
            Image = new ImageSpec { Image = image, UserSpecifiedImage = image },
            WorkingDir = session.Get(RunOptions.WorkingDirectory) ?? "",
            LogPath = LogFile,
            Linux = new LinuxContainerConfig { Resources = Resources(session), SecurityContext = Security(session) },
        };
        if (session.Get(RunOptions.Entrypoint) is string entrypoint)
        {
            container.Command.Add(entrypoint);
        }

        container.Args.AddRange(session.Get(RunOptions.Command));
        container.Envs.AddRange(session.Get(RunOptions.Environment).Select(RunParts.Variable));
        container.Mounts.AddRange(session.Get(RunOptions.Volumes).Select(RunParts.Volume));
        foreach ((string key, string value) in session.Get(RunOptions.Labels).Select(RunParts.Label))
        {
            container.Labels[key] = value;
        }

        return container;
    }

    private static LinuxContainerResources Resources(Session session)
    {
        var resources = new LinuxContainerResources();
        if (session.Get(RunOptions.Memory) is string memory)
        {
            resources.MemoryLimitInBytes = RunParts.Memory(memory);
        }

        if (session.Get(RunOptions.Cpus) is double cpus)
        {
            resources.CpuPeriod = CpuPeriod;
            resources.CpuQuota = cpus is > 0 and < 100_000
                ? (long)(cpus * CpuPeriod)
                : throw new CommandFailure(
                    string.Create(CultureInfo.InvariantCulture, $"--cpus {cpus}: accepted: a number above 0"), "", ExitCode.RunFailed);
        }

        return resources;
    }

    private static LinuxContainerSecurityContext Security(Session session)
    {
        bool privileged = session.Get(RunOptions.Privileged);
        var security = new LinuxContainerSecurityContext
        {
            Privileged = privileged,
            ReadonlyRootfs = session.Get(RunOptions.ReadOnly),
            NamespaceOptions = Namespaces(session.Get(RunOptions.Network) == "host"),
            Capabilities = new Capability(),
            Seccomp = new SecurityProfile
            {
                ProfileType = privileged ? SecurityProfile.Types.ProfileType.Unconfined : SecurityProfile.Types.ProfileType.RuntimeDefault,
            },
        };
        security.Capabilities.AddCapabilities.AddRange(session.Get(RunOptions.AddCapabilities));
        security.Capabilities.DropCapabilities.AddRange(session.Get(RunOptions.DropCapabilities));
        if (session.Get(RunOptions.User) is string user)
        {
            RunParts.User(user, security);
        }

        return security;
    }
}
