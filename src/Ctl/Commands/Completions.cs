// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using System.CommandLine.Completions;
using Gantry.Cri.V1;
using Gantry.Ctl.Daemon;
using Gantry.Ctl.Targets;
using Grpc.Core;

namespace Gantry.Ctl.Commands;

/// <summary>What the shell may complete an argument to. Never an error: no daemon means no proposals.</summary>
internal static class Completions
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(500);

    internal static Argument<string> ContainerArgument()
    {
        var argument = new Argument<string>("CONTAINER") { HelpName = "CONTAINER", Description = "name, POD/CONTAINER, id, or the beginning of an id" };
        argument.CompletionSources.Add(context => Names(context, target => target is ContainerTarget));
        return argument;
    }

    internal static Argument<string[]> TargetsArgument()
    {
        var argument = new Argument<string[]>("NAME")
        {
            // Without a help name the help would ask the completions, and they gantryd.
            HelpName = "NAME",
            Description = "containers or pods: name, POD/CONTAINER, id, or the beginning of an id",
            Arity = ArgumentArity.OneOrMore,
        };
        argument.CompletionSources.Add(context => Names(context, _ => true));
        return argument;
    }

    internal static Argument<string[]> ImagesArgument()
    {
        var argument = new Argument<string[]>("IMAGE")
        {
            HelpName = "IMAGE",
            Description = "reference, id, or the beginning of an id",
            Arity = ArgumentArity.OneOrMore,
        };
        argument.CompletionSources.Add(context => Ask(context, (daemon, token) =>
            daemon.Images.ListImages(new ListImagesRequest(), cancellationToken: token).Images.SelectMany(image => image.RepoTags)));
        return argument;
    }

    private static IEnumerable<CompletionItem> Names(CompletionContext context, Func<Target, bool> wanted) => Ask(
        context,
        (daemon, token) => TargetSearch.AllAsync(daemon, token).GetAwaiter().GetResult().Where(wanted).Select(target => target.Name).Distinct());

    private static IEnumerable<CompletionItem> Ask(CompletionContext context, Func<DaemonClient, CancellationToken, IEnumerable<string>> ask)
    {
        using var patience = new CancellationTokenSource(s_patience);
        using var daemon = new DaemonClient(context.ParseResult.GetValue(GlobalOptions.Address) ?? DaemonClient.DefaultSocket);
        try
        {
            return [.. ask(daemon, patience.Token).Select(name => new CompletionItem(name))];
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            return [];
        }
    }
}
