// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;
using Gantry.Engine.Node;
using Gantry.Engine.Pods;
using Gantry.Engine.Records;
using Gantry.Engine.SpecBuilder;
using Gantry.Images;
using Gantry.MonitorApi;
using Gantry.Oci.Runtime;

namespace Gantry.Engine.Containers;

/// <summary>All that a creation will do, worked out before anything is touched.</summary>
internal sealed record ContainerPlan
{
    private const int MaxSeccompProfile = 1 << 20;

    internal required ContainerRecord Record { get; init; }

    internal required ImageRecord Image { get; init; }

    internal required Spec Spec { get; init; }

    internal required ProcessUser User { get; init; }

    internal required IReadOnlyList<PlannedVolume> Volumes { get; init; }

    /// <exception cref="EngineException"><see cref="EngineError.NotFound"/> (image), <see cref="EngineError.InvalidArgument"/> and others name the field.</exception>
    internal static ContainerPlan Make(EngineContext engine, PodEntry pod, ContainerConfig config)
    {
        if (config.Metadata.Name.Length is 0 or > 253 || config.Metadata.Name.Any(char.IsControl))
        {
            throw Refuse.Value("metadata.name", config.Metadata.Name, "1 to 253 characters, no control characters");
        }

        CheckNamespaces(engine, pod, config.Security);
        ImageRecord image = FindImage(engine, config.Image.Image);
        string id = Ids.New();
        SpecRequest request = Request(engine, pod, config, image, id);
        IReadOnlyList<PlannedVolume> volumes = VolumePart.Plan(request, engine.VolumeDirectory(id));
        return new ContainerPlan
        {
            Image = image,
            Volumes = volumes,
            Spec = ContainerSpec.Build(request, volumes),
            User = RequestedUser.Build(config.Security, image.Config.Run.User),
            Record = new ContainerRecord
            {
                Id = id,
                PodId = pod.Id,
                Config = config,
                ImageId = image.Id.ToString(),
                LogPath = LogFile.Path(pod.Record.Config.LogDirectory, config.LogPath),
                StopSignal = StopSignals.Choose(config.StopSignal, image.Config.Run.StopSignal),
                Resources = config.Resources,
                Status = new ContainerStatus { CreatedAt = engine.Now },
            },
        };
    }

    /// <param name="rootfs">Of the prepared snapshot.</param>
    internal CreateContainer Message(RootfsLayers rootfs, PodEntry pod)
    {
        ContainerConfig config = Record.Config;
        NamespaceOptions namespaces = config.Security.Namespaces;
        return new CreateContainer
        {
            ContainerId = Record.Id,
            Spec = JsonSerializer.SerializeToElement(Spec, RuntimeSpecJson.Default.Spec),
            Rootfs = rootfs,
            User = User,
            Volumes = [.. Volumes.Select(static v => new ImageVolume(v.Source, v.Destination))],
            LogPath = Record.LogPath,
            LogRoot = Record.LogPath.Length > 0 ? ContainerPath.Absolute("log_directory", pod.Record.Config.LogDirectory) : null,
            Stdin = config.Stdin,
            StdinOnce = config.StdinOnce,
            OwnPidNamespace = namespaces.Pid == NamespaceMode.Container
                && pod.Record.Config.Security.Namespaces.Pid == NamespaceMode.Pod,
            PidTargetContainerId = namespaces.Pid == NamespaceMode.Target ? namespaces.TargetId : null,
        };
    }

    private static SpecRequest Request(
        EngineContext engine, PodEntry pod, ContainerConfig config, ImageRecord image, string id) => new()
    {
        ContainerId = id,
        Pod = new PodFacts
        {
            Config = pod.Record.Config,
            Hostname = pod.Record.Hostname,
            Directory = engine.PodDirectory(pod.Id),
            CgroupPath = pod.Record.CgroupPath,
        },
        Container = config,
        Image = image.Config.Run,
        Node = engine.Node.Facts,
        LocalhostSeccomp = ReadSeccomp(config.Security),
        Devices = NodeProbe.Find(config.Devices),
        HostDevices = config.Security.Privileged ? NodeProbe.All() : [],
    };

    private static ImageRecord FindImage(EngineContext engine, string reference)
    {
        try
        {
            return engine.FindImage(reference) ?? throw new EngineException(
                EngineError.NotFound, $"image '{Refuse.Quotable(reference)}' is not on this node; pull it first");
        }
        catch (ImageException e)
        {
            throw EngineFailure.From("image.image", e);
        }
    }

    private static LinuxSeccomp? ReadSeccomp(ContainerSecurity security)
    {
        if (security.Privileged || security.Seccomp is not { Type: SecurityProfileType.Localhost } profile)
        {
            return null;
        }

        string path = ContainerPath.Absolute("seccomp.localhost_ref", profile.LocalhostRef);
        try
        {
            using FileStream file = File.OpenRead(path);
            return file.Length <= MaxSeccompProfile
                ? JsonSerializer.Deserialize(file, RuntimeSpecJson.Default.LinuxSeccomp)
                : throw Refuse.Value("seccomp.localhost_ref", path, $"a file of at most {MaxSeccompProfile} bytes");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new EngineException(EngineError.InvalidArgument, $"seccomp.localhost_ref '{path}': {e.Message}", e);
        }
    }

    private static void CheckNamespaces(EngineContext engine, PodEntry pod, ContainerSecurity security)
    {
        NamespaceOptions own = security.Namespaces;
        NamespaceOptions pods = pod.Record.Config.Security.Namespaces;
        if (own.Pid == NamespaceMode.Node && pods.Pid != NamespaceMode.Node)
        {
            throw Refuse.Value("namespace_options.pid", "NODE", "NODE only in a pod that has it too");
        }

        if (own.User is { Mode: not NamespaceMode.Node })
        {
            throw Refuse.Unserved("namespace_options.userns_options", "a user namespace");
        }

        if (security.Privileged && !pod.Record.Config.Security.Privileged)
        {
            throw Refuse.Value("security_context.privileged", "true", "only in a pod whose sandbox is privileged");
        }

        bool targeted = own.Pid == NamespaceMode.Target;
        if (targeted && (!engine.Containers.TryGetValue(own.TargetId, out ContainerEntry? target) || target.Pod != pod))
        {
            throw Refuse.Value("namespace_options.target_id", own.TargetId, "a container of the same pod");
        }
    }
}
