// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine;

namespace Gantry.Cri;

/// <summary>CRI's ImageService: one file per call. A call without a file answers Unimplemented (docs/cri-coverage.md).</summary>
internal sealed partial class ImageService(GantryEngine engine) : V1.ImageService.ImageServiceBase;
