// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Gantry.Control.V1;
using Gantry.Cri.V1;
using Gantry.Ctl.Output;

namespace Gantry.Ctl.Commands;

internal static class InfoCommand
{
    internal static Command Create() => new Command("info", "Describe the daemon and what was found on the node").Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancellationToken)
    {
        InfoResponse info = await session.Daemon.Control.InfoAsync(new InfoRequest(), cancellationToken: cancellationToken);
        StatusResponse status = await session.Daemon.Runtime.StatusAsync(new StatusRequest(), cancellationToken: cancellationToken);
        InfoShape shape = Shape(info, status) with { Node = NodeFindings.Read() };
        if (session.WantsJson)
        {
            session.Screen.Json(shape, ShapeJson.Printed.InfoShape);
        }
        else
        {
            Print(session.Screen.Out, shape);
        }

        return ExitCode.Success;
    }

    private static InfoShape Shape(InfoResponse info, StatusResponse status) => new()
    {
        Version = info.Version,
        Pid = info.Pid,
        StartedAt = Words.Time(info.StartedAt),
        Root = info.Root,
        State = info.State,
        Config = info.Config,
        CgroupDriver = info.CgroupDriver,
        CgroupVersion = info.CgroupVersion,
        Network = info.Network,
        Snapshotter = info.Snapshotter,
        Pods = info.Pods,
        Containers = info.Containers,
        Images = info.Images,
        Conditions = [.. status.Status.Conditions.Select(c => new ConditionShape(c.Type, c.Status, c.Reason, c.Message))],
        Settings = info.Settings,
    };

    private static void Print(TextWriter output, InfoShape info)
    {
        (string Name, string Value)[] facts =
        [
            ("Version", info.Version), ("Process", $"{info.Pid}, up {Words.Span(DateTimeOffset.UtcNow - info.StartedAt)}"),
            ("Configuration", info.Config.Length > 0 ? info.Config : "built in"), ("Root", info.Root), ("State", info.State),
            ("Cgroups", $"{info.CgroupVersion}, driver {info.CgroupDriver}"), ("Network", info.Network), ("Snapshots", info.Snapshotter),
            ("Objects", $"{info.Pods} pods, {info.Containers} containers, {info.Images} images"),
        ];
        foreach ((string name, string value) in facts)
        {
            output.WriteLine($"{name + ":",-15}{value}");
        }

        foreach (ConditionShape condition in info.Conditions)
        {
            string text = condition.Ready ? "yes" : $"no: {condition.Reason}: {condition.Message}";
            output.WriteLine($"{condition.Type + ":",-15}{text}");
        }

        foreach (FindingShape finding in info.Node)
        {
            output.WriteLine($"{"[" + finding.State + "]",-10}{finding.Name}: {finding.Message}");
            if (finding.NextStep.Length > 0)
            {
                output.WriteLine($"          next: {finding.NextStep}");
            }
        }
    }
}
