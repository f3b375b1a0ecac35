// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.Mapping;
using Gantry.Cri.V1;
using Grpc.Core;

namespace Gantry.Cri;

internal sealed partial class ImageService
{
    public override Task<ImageFsInfoResponse> ImageFsInfo(ImageFsInfoRequest request, ServerCallContext context)
    {
        Engine.Images.ImageStoreUsage usage = engine.Images.Usage();

        // Layers and writable layers lie in one file system: both lists name it.
        var response = new ImageFsInfoResponse();
        response.ImageFilesystems.Add(ImageMap.Usage(usage));
        response.ContainerFilesystems.Add(ImageMap.Usage(usage));
        return Task.FromResult(response);
    }
}
