// SPDX-License-Identifier: Apache-2.0
using Gantry.Engine.Containers;
using Gantry.Engine.Monitors;
using Gantry.MonitorApi;

namespace Gantry.Engine.Pods;

/// <summary>Takes what a pod's monitor reports into the engine's memory and records.</summary>
internal sealed class PodListener(EngineContext engine, PodEntry pod) : IMonitorListener
{
    public void ContainerExited(ContainerExit exit)
    {
        if (pod.Containers.TryGetValue(exit.ContainerId, out ContainerEntry? container))
        {
            ContainerExits.Apply(engine, container, exit);
        }
    }

    public void Disconnected() => _ = MonitorLoss.HandleAsync(engine, pod, this);
}
