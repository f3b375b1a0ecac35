// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine;

namespace Gantry.Cri.Control;

/// <summary>Gantry's own calls beside CRI, for the gantry command: one file per call.</summary>
internal sealed partial class ControlService(GantryEngine engine, Func<DaemonFacts> daemon)
    : Gantry.Control.V1.Control.ControlBase;
