// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Images;
using Wire = Gantry.Cri.V1;

namespace Gantry.Cri.Mapping;

/// <summary>Images, both ways.</summary>
internal static class ImageMap
{
    internal static ImageSpec FromWire(Wire.ImageSpec wire) => new()
    {
        Image = wire.Image,
        Annotations = new Dictionary<string, string>(wire.Annotations),
        UserSpecifiedImage = wire.UserSpecifiedImage,
        RuntimeHandler = wire.RuntimeHandler,
        ImageRef = wire.ImageRef,
    };

    internal static Wire.ImageSpec ToWire(ImageSpec spec)
    {
        var wire = new Wire.ImageSpec
        {
            Image = spec.Image,
            UserSpecifiedImage = spec.UserSpecifiedImage,
            RuntimeHandler = spec.RuntimeHandler,
            ImageRef = spec.ImageRef,
        };
        wire.Annotations.Fill(spec.Annotations);
        return wire;
    }

    internal static PullCredentials? Credentials(Wire.AuthConfig? wire) => wire is null ? null : new()
    {
        Username = wire.Username,
        Password = wire.Password,
        Auth = wire.Auth,
        ServerAddress = wire.ServerAddress,
        IdentityToken = wire.IdentityToken,
        RegistryToken = wire.RegistryToken,
    };

    internal static Wire.Image ToWire(ImageInfo image)
    {
        var wire = new Wire.Image
        {
            Id = image.Id,
            Size = image.Size,
            Uid = image.Uid is long uid ? new Wire.Int64Value { Value = uid } : null,
            Username = image.Username,
            Spec = new Wire.ImageSpec { Image = image.Id },
            Pinned = image.Pinned,
        };
        wire.RepoTags.AddRange(image.Tags);
        wire.RepoDigests.AddRange(image.Digests);
        wire.Spec.Annotations.Fill(image.Annotations);
        return wire;
    }

    internal static Wire.FilesystemUsage Usage(ImageStoreUsage usage) => new()
    {
        Timestamp = WireTime.Nanoseconds(usage.At),
        FsId = new Wire.FilesystemIdentifier { Mountpoint = usage.Path },
        UsedBytes = new Wire.UInt64Value { Value = usage.UsedBytes },
        InodesUsed = new Wire.UInt64Value { Value = usage.UsedInodes },
    };
}
