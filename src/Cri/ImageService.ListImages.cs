// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.Mapping;
using Gantry.Cri.V1;
using Grpc.Core;

namespace Gantry.Cri;

internal sealed partial class ImageService
{
    public override Task<ListImagesResponse> ListImages(ListImagesRequest request, ServerCallContext context)
    {
        IReadOnlyList<Engine.Images.ImageInfo> images = engine.Images.List(request.Filter?.Image?.Image);

        var response = new ListImagesResponse();
        response.Images.AddRange(images.Select(ImageMap.ToWire));
        return Task.FromResult(response);
    }
}
