// SPDX-License-Identifier: Apache-2.0
using Gantry.Control.V1;
using Gantry.Cri.Mapping;
using Grpc.Core;

namespace Gantry.Cri.Control;

internal sealed partial class ControlService
{
    public override async Task<InfoResponse> Info(InfoRequest request, ServerCallContext context)
    {
        DaemonFacts facts = daemon();
        Engine.NodeCondition network = await engine.NetworkConditionAsync(context.CancellationToken);
        var response = new InfoResponse
        {
            Version = ProgramVersion.Text,
            Pid = Environment.ProcessId,
            StartedAt = WireTime.Nanoseconds(facts.StartedAt),
            Root = engine.Options.Root,
            State = engine.Options.State,
            Config = facts.ConfigFile,
            CgroupDriver = engine.Options.CgroupDriver == Engine.CgroupDriver.Systemd ? "systemd" : "cgroupfs",
            CgroupVersion = facts.CgroupVersion,
            Network = network.Message,
            Snapshotter = "overlay",
            Pods = (uint)engine.Pods.List(new Engine.Pods.PodFilter()).Count,
            Containers = (uint)engine.Containers.List(new Engine.Containers.ContainerFilter()).Count,
            Images = (uint)engine.Images.List(null).Count,
        };
        response.Settings.Fill(facts.Settings);
        return response;
    }
}
