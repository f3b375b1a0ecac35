// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Gantry.Cri.V1;
using Gantry.Ctl.Output;
using Gantry.Ctl.Targets;

namespace Gantry.Ctl.Commands;

internal static class ImagesCommand
{
    private const string None = "<none>";
    private static readonly Option<bool> s_quiet = new("--quiet", "-q") { Description = "print ids only, in full" };
    private static readonly Option<bool> s_digests = new("--digests") { Description = "print digests in place of tags" };

    internal static Command Create() => new Command("images", "List images") { s_quiet, s_digests }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancellationToken)
    {
        ListImagesResponse answer = await session.Daemon.Images.ListImagesAsync(new ListImagesRequest(), cancellationToken: cancellationToken);
        List<Image> images = [.. answer.Images.OrderBy(image => image.RepoTags.FirstOrDefault(), StringComparer.Ordinal)];
        if (session.Get(s_quiet))
        {
            images.ForEach(image => session.Screen.Out.WriteLine(image.Id));
        }
        else if (session.WantsJson)
        {
            session.Screen.Json([.. images.Select(ImageShapes.Of)], ShapeJson.Printed.IReadOnlyListImageShape);
        }
        else
        {
            Print(session.Screen, images, session.Get(s_digests));
        }

        return ExitCode.Success;
    }

    private static void Print(Screen screen, List<Image> images, bool digests)
    {
        var table = new TextTable(new Column("IMAGE", MayShrink: true), new Column(digests ? "DIGEST" : "TAG", MayShrink: true), new Column("ID"), new Column("SIZE"));
        foreach (Image image in images)
        {
            IEnumerable<string> names = digests || image.RepoTags.Count == 0 ? image.RepoDigests : image.RepoTags;
            foreach (string name in names.DefaultIfEmpty(None))
            {
                (string repository, string tag) = Split(name);
                table.Add(repository, tag, Words.ShortId(image.Id), Words.Bytes(image.Size));
            }
        }

        table.Write(screen.Out, screen.Width);
    }

    /// <summary>Repository, and tag or digest. A colon before a slash belongs to a port.</summary>
    internal static (string Repository, string Tag) Split(string name)
    {
        int at = name.IndexOf('@');
        if (at >= 0)
        {
            return (name[..at], name[(at + 1)..]);
        }

        int colon = name.LastIndexOf(':');
        return colon > name.LastIndexOf('/') ? (name[..colon], name[(colon + 1)..]) : (name, None);
    }
}
