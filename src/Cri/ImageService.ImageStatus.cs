// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.Mapping;
using Gantry.Cri.V1;
using Grpc.Core;

namespace Gantry.Cri;

internal sealed partial class ImageService
{
    /// <remarks>An absent image is an answer without one, not an error.</remarks>
    public override Task<ImageStatusResponse> ImageStatus(ImageStatusRequest request, ServerCallContext context)
    {
        ImageSpec spec = Require.Image("image", request.Image);

        Engine.Images.ImageInfo? image = engine.Images.Status(spec.Image);

        var response = new ImageStatusResponse();
        if (image is not null)
        {
            response.Image = ImageMap.ToWire(image);
            if (request.Verbose)
            {
                response.Info.Add(VerboseInfo.Key, VerboseInfo.Of(image));
            }
        }

        return Task.FromResult(response);
    }
}
