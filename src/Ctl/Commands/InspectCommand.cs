// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Gantry.Cri.V1;
using Gantry.Ctl.Output;
using Gantry.Ctl.Targets;

namespace Gantry.Ctl.Commands;

internal static class InspectCommand
{
    private static readonly Argument<string> s_name = new("NAME") { Description = "a container, pod or image" };

    internal static Command Create() => new Command("inspect", "Print all about a container, pod or image, as JSON") { s_name }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancellationToken)
    {
        string name = session.Get(s_name);
        IReadOnlyList<Target> all = await TargetSearch.AllAsync(session.Daemon, cancellationToken);
        if (TargetSearch.Choose(name, all.OfType<ContainerTarget>()) is ContainerTarget container)
        {
            ContainerShape shape = await ContainerShapes.ReadAsync(session.Daemon, container, cancellationToken);
            session.Screen.Json([shape], ShapeJson.Printed.IReadOnlyListContainerShape);
        }
        else if (TargetSearch.Choose(name, all.OfType<PodTarget>()) is PodTarget pod)
        {
            await PrintPodAsync(session, pod, all.OfType<ContainerTarget>(), cancellationToken);
        }
        else
        {
            await PrintImageAsync(session, name, cancellationToken);
        }

        return ExitCode.Success;
    }

    private static async Task PrintPodAsync(
        Session session, PodTarget pod, IEnumerable<ContainerTarget> containers, CancellationToken cancellationToken)
    {
        List<ContainerShape> shapes = [];
        foreach (ContainerTarget container in containers.Where(container => container.Container.PodSandboxId == pod.Id))
        {
            shapes.Add(await ContainerShapes.ReadAsync(session.Daemon, container, cancellationToken));
        }

        PodShape shape = await PodShapes.ReadAsync(session.Daemon, pod, shapes, cancellationToken);
        session.Screen.Json([shape], ShapeJson.Printed.IReadOnlyListPodShape);
    }

    private static async Task PrintImageAsync(Session session, string name, CancellationToken cancellationToken)
    {
        ImageStatusResponse answer = await session.Daemon.Images.ImageStatusAsync(
            new ImageStatusRequest { Image = new ImageSpec { Image = name } }, cancellationToken: cancellationToken);
        if (answer.Image is null)
        {
            throw new CommandFailure($"no container, pod or image \"{name}\"", "gantry ps --all, gantry pods and gantry images list them");
        }

        session.Screen.Json([ImageShapes.Of(answer.Image)], ShapeJson.Printed.IReadOnlyListImageShape);
    }
}
