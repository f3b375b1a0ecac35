// SPDX-License-Identifier: Apache-2.0
using Gantry.Images.Unpack;

namespace Gantry.Images;

/// <summary>Settings of the image service.</summary>
public sealed record ImageServiceOptions
{
    /// <summary>Absolute path of gantryd's durable directory, such as /var/lib/gantry.</summary>
    public required string Root { get; init; }

    /// <summary>Folders in the form of containerd's certs.d; the first that knows a registry wins. Read anew for each pull.</summary>
    public IReadOnlyList<string> CertsDirectories { get; init; } = ["/etc/gantry/certs.d"];

    /// <summary>Credentials of the node, in the form of Docker's config.json; may be absent.</summary>
    public string? CredentialsFile { get; init; } = "/etc/gantry/auth.json";

    /// <summary>Registries that are asked by plain HTTP; loopback ones are anyway.</summary>
    public IReadOnlyList<string> PlainHttpHosts { get; init; } = [];

    /// <summary>Layers that are fetched and unpacked at the same time, over all pulls.</summary>
    /// <value>1 or more.</value>
    public int MaxParallelLayers { get; init; } = 4;

    public UnpackLimits UnpackLimits { get; init; } = new();

    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
