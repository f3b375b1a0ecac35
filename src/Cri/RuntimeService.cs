// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine;

namespace Gantry.Cri;

/// <summary>CRI's RuntimeService: one file per call. A call without a file answers Unimplemented (docs/cri-coverage.md).</summary>
internal sealed partial class RuntimeService(GantryEngine engine) : V1.RuntimeService.RuntimeServiceBase;
