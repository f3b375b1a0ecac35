// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Gantry.Control.V1;
using Gantry.Ctl.Output;

namespace Gantry.Ctl.Commands;

internal static class PullCommand
{
    private static readonly Argument<string> s_image = new("IMAGE") { Description = "reference, such as registry.example/app:1.2" };
    private static readonly Option<string?> s_user = new("--user", "-u") { Description = "name for the registry", HelpName = "NAME" };
    private static readonly Option<bool> s_password = new("--password-stdin") { Description = "read the password from stdin" };
    private static readonly Option<bool> s_quiet = new("--quiet", "-q") { Description = "print the image's id only" };

    internal static Command Create() =>
        new Command("pull", "Pull an image from a registry") { s_image, s_user, s_password, s_quiet }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancellationToken)
    {
        var request = new PullRequest { Image = session.Get(s_image), Username = session.Get(s_user) ?? "" };
        if (session.Get(s_password))
        {
            request.Password = (await Console.In.ReadToEndAsync(cancellationToken)).TrimEnd('\r', '\n');
        }

        bool quiet = session.Get(s_quiet) || session.WantsJson;
        PullDone done = await Pulling.RunAsync(session, request, quiet, cancellationToken);
        if (session.WantsJson)
        {
            var shape = new ImageShape
            {
                Id = done.ImageId,
                Tags = done.RepoTags,
                Digests = done.RepoDigests,
                Size = done.Size,
                Pinned = false,
            };
            session.Screen.Json([shape], ShapeJson.Printed.IReadOnlyListImageShape);
        }
        else
        {
            session.Screen.Out.WriteLine(done.ImageId);
        }

        return ExitCode.Success;
    }
}
