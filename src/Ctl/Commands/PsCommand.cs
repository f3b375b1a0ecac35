// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Gantry.Cri.V1;
using Gantry.Ctl.Output;
using Gantry.Ctl.Targets;

namespace Gantry.Ctl.Commands;

internal static class PsCommand
{
    private static readonly Option<bool> s_all = new("--all", "-a") { Description = "also containers that do not run" };
    private static readonly Option<bool> s_quiet = new("--quiet", "-q") { Description = "print ids only, in full" };

    internal static Command Create() => new Command("ps", "List containers") { s_all, s_quiet }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancellationToken)
    {
        IReadOnlyList<Target> targets = await TargetSearch.AllAsync(session.Daemon, cancellationToken);
        List<ContainerTarget> wanted =
        [
            .. targets.OfType<ContainerTarget>()
                .Where(target => session.Get(s_all) || target.Container.State == ContainerState.ContainerRunning)
                .OrderByDescending(target => target.Container.CreatedAt),
        ];
        if (session.Get(s_quiet))
        {
            wanted.ForEach(target => session.Screen.Out.WriteLine(target.Id));
            return ExitCode.Success;
        }

        List<ContainerShape> shapes = [];
        foreach (ContainerTarget target in wanted)
        {
            shapes.Add(await ContainerShapes.ReadAsync(session.Daemon, target, cancellationToken));
        }

        if (session.WantsJson)
        {
            session.Screen.Json(shapes, ShapeJson.Printed.IReadOnlyListContainerShape);
        }
        else
        {
            Print(session.Screen, shapes, DateTimeOffset.UtcNow);
        }

        return ExitCode.Success;
    }

    internal static void Print(Screen screen, IEnumerable<ContainerShape> shapes, DateTimeOffset now)
    {
        var table = new TextTable(
            new Column("ID"), new Column("NAME", MayShrink: true), new Column("POD", MayShrink: true),
            new Column("IMAGE", MayShrink: true), new Column("STATUS"), new Column("PORTS", MayShrink: true));
        foreach (ContainerShape shape in shapes)
        {
            table.Add(Words.ShortId(shape.Id), shape.Name, shape.Pod, shape.Image, Status(shape, now), shape.Ports ?? "");
        }

        table.Write(screen.Out, screen.Width);
    }

    private static string Status(ContainerShape shape, DateTimeOffset now) => shape switch
    {
        { State: "running", StartedAt: DateTimeOffset started } => $"Up {Words.Span(now - started)}",
        { State: "exited", FinishedAt: DateTimeOffset finished } =>
            $"{(shape.Reason is "Completed" or "Error" or null ? "Exited" : shape.Reason)} ({shape.ExitCode}) {Words.Span(now - finished)} ago",
        { State: "created" } => "Created",
        _ => shape.State,
    };
}
