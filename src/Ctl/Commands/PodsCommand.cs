// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Gantry.Ctl.Output;
using Gantry.Ctl.Targets;

namespace Gantry.Ctl.Commands;

internal static class PodsCommand
{
    private static readonly Option<bool> s_quiet = new("--quiet", "-q") { Description = "print ids only, in full" };

    internal static Command Create() => new Command("pods", "List pods") { s_quiet }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancellationToken)
    {
        IReadOnlyList<Target> targets = await TargetSearch.AllAsync(session.Daemon, cancellationToken);
        List<PodTarget> pods = [.. targets.OfType<PodTarget>().OrderByDescending(target => target.Pod.CreatedAt)];
        if (session.Get(s_quiet))
        {
            pods.ForEach(target => session.Screen.Out.WriteLine(target.Id));
            return ExitCode.Success;
        }

        List<PodShape> shapes = [];
        foreach (PodTarget pod in pods)
        {
            shapes.Add(await PodShapes.ReadAsync(session.Daemon, pod, containers: null, cancellationToken));
        }

        if (session.WantsJson)
        {
            session.Screen.Json(shapes, ShapeJson.Printed.IReadOnlyListPodShape);
        }
        else
        {
            Print(session.Screen, shapes, DateTimeOffset.UtcNow);
        }

        return ExitCode.Success;
    }

    private static void Print(Screen screen, IEnumerable<PodShape> pods, DateTimeOffset now)
    {
        var table = new TextTable(
            new Column("ID"), new Column("NAME", MayShrink: true), new Column("NAMESPACE", MayShrink: true),
            new Column("STATE"), new Column("ADDRESS", MayShrink: true), new Column("CREATED"));
        foreach (PodShape pod in pods)
        {
            table.Add(
                Words.ShortId(pod.Id), pod.Name, pod.Namespace, pod.State == "ready" ? "Ready" : "NotReady",
                pod.Addresses.Count > 0 ? pod.Addresses[0] : "", $"{Words.Span(now - pod.CreatedAt)} ago");
        }

        table.Write(screen.Out, screen.Width);
    }
}
