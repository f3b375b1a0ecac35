// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.Mapping;
using Gantry.Cri.V1;
using Grpc.Core;

namespace Gantry.Cri;

internal sealed partial class ImageService
{
    public override async Task<PullImageResponse> PullImage(PullImageRequest request, ServerCallContext context)
    {
        ImageSpec spec = Require.Image("image", request.Image);

        string id = await engine.Images.PullAsync(
            ImageMap.FromWire(spec), ImageMap.Credentials(request.Auth), progress: null, context.CancellationToken);

        return new PullImageResponse { ImageRef = id };
    }
}
