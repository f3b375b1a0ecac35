// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.V1;
using Gantry.Ctl.Output;

namespace Gantry.Ctl.Targets;

internal static class ImageShapes
{
    internal static ImageShape Of(Image image) => new()
    {
        Id = image.Id,
        Tags = image.RepoTags,
        Digests = image.RepoDigests,
        Size = image.Size,
        Uid = image.Uid?.Value,
        Username = image.Username.Length == 0 ? null : image.Username,
        Pinned = image.Pinned,
    };
}
