// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.V1;
using Grpc.Core;

namespace Gantry.Cri;

internal sealed partial class ImageService
{
    /// <remarks>Idempotent: an image that is gone is success. Removing by one tag removes all tags of that image.</remarks>
    public override async Task<RemoveImageResponse> RemoveImage(RemoveImageRequest request, ServerCallContext context)
    {
        ImageSpec spec = Require.Image("image", request.Image);

        await engine.Images.RemoveAsync(spec.Image, context.CancellationToken);

        return new RemoveImageResponse();
    }
}
