// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Images;

namespace Gantry.Engine.Containers;

/// <summary>The identity of a container inside its pod.</summary>
public sealed record ContainerMetadata(string Name, uint Attempt);

/// <summary>What a client asked for when it created the container. Data only: nothing here was checked or resolved.</summary>
public sealed record ContainerConfig
{
    public required ContainerMetadata Metadata { get; init; }

    public required ImageSpec Image { get; init; }

    /// <summary>Takes the place of the image's entrypoint (and of its command).</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>Takes the place of the image's command.</summary>
    public IReadOnlyList<string> Args { get; init; } = [];

    /// <summary>Empty: the image's.</summary>
    public string WorkingDirectory { get; init; } = "";

    public IReadOnlyList<EnvironmentVariable> Environment { get; init; } = [];

    public IReadOnlyList<ContainerMount> Mounts { get; init; } = [];

    public IReadOnlyList<ContainerDevice> Devices { get; init; } = [];

    /// <summary>Fully qualified CDI device names.</summary>
    public IReadOnlyList<string> CdiDevices { get; init; } = [];

    public IReadOnlyDictionary<string, string> Labels { get; init; } = Empty.Map;

    /// <summary>Returned unaltered; they steer nothing.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = Empty.Map;

    /// <summary>Relative to the pod's log directory; empty: no log.</summary>
    public string LogPath { get; init; } = "";

    public bool Stdin { get; init; }

    public bool StdinOnce { get; init; }

    public bool Tty { get; init; }

    public ContainerResources Resources { get; init; } = new();

    public ContainerSecurity Security { get; init; } = new();

    /// <summary>1 to 64; <see langword="null"/>: the image's, else SIGTERM.</summary>
    public int? StopSignal { get; init; }
}

/// <summary>An environment variable. The CRI carries the value as bytes; it must be UTF-8 without NUL here.</summary>
public sealed record EnvironmentVariable(string Name, string Value);

public enum MountPropagation
{
    /// <summary>rprivate.</summary>
    Private,

    /// <summary>rslave.</summary>
    HostToContainer,

    /// <summary>rshared.</summary>
    Bidirectional,
}

public sealed record ContainerMount
{
    /// <summary>Absolute path inside the container.</summary>
    public required string ContainerPath { get; init; }

    /// <summary>Absolute path on the node; empty when <see cref="Image"/> is mounted.</summary>
    public string HostPath { get; init; } = "";

    public bool Readonly { get; init; }

    /// <summary>Needs <see cref="Readonly"/> and <see cref="MountPropagation.Private"/>.</summary>
    public bool RecursiveReadonly { get; init; }

    public MountPropagation Propagation { get; init; }

    public bool SelinuxRelabel { get; init; }

    public IReadOnlyList<Pods.IdMapping> UidMappings { get; init; } = [];

    public IReadOnlyList<Pods.IdMapping> GidMappings { get; init; } = [];

    /// <summary>Image to mount instead of a host path.</summary>
    public ImageSpec? Image { get; init; }

    /// <summary>Directory inside <see cref="Image"/>.</summary>
    public string ImageSubPath { get; init; } = "";

    /// <summary>noexec, nodev, nosuid.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];
}

/// <param name="Permissions">Some of r, w, m.</param>
public sealed record ContainerDevice(string ContainerPath, string HostPath, string Permissions);
