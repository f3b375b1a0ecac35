// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Gantry.Cri.V1;
using Gantry.Ctl.Output;

namespace Gantry.Ctl.Commands;

internal static class RmiCommand
{
    private static readonly Argument<string[]> s_images = Completions.ImagesArgument();

    internal static Command Create() => new Command("rmi", "Remove images with all their tags") { s_images }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancellationToken)
    {
        List<ActionShape> done = [];
        foreach (string name in session.Get(s_images))
        {
            var spec = new ImageSpec { Image = name };
            ImageStatusResponse status = await session.Daemon.Images.ImageStatusAsync(
                new ImageStatusRequest { Image = spec }, cancellationToken: cancellationToken);
            if (status.Image is null)
            {
                throw new CommandFailure($"no image \"{name}\"", "gantry images lists images");
            }

            await session.Daemon.Images.RemoveImageAsync(
                new RemoveImageRequest { Image = new ImageSpec { Image = status.Image.Id } }, cancellationToken: cancellationToken);
            done.Add(new ActionShape("rmi", status.Image.Id, name));
        }

        Actions.Print(session, done);
        return ExitCode.Success;
    }
}
