// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Gantry.Cri.V1;
using Gantry.Ctl.Output;
using Gantry.Ctl.Targets;

namespace Gantry.Ctl.Commands;

internal static class StopCommand
{
    private const long DefaultGrace = 10;

    private static readonly Argument<string[]> s_names = Completions.TargetsArgument();

    private static readonly Option<long> s_grace = new("--time", "-t")
    {
        Description = "seconds between the stop signal and SIGKILL (0: SIGKILL at once)",
        HelpName = "SECONDS",
        DefaultValueFactory = _ => DefaultGrace,
    };

    internal static Command Create() => new Command("stop", "Stop containers or pods") { s_names, s_grace }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancellationToken)
    {
        List<ActionShape> done = [];
        foreach (string name in session.Get(s_names))
        {
            Target target = await TargetSearch.FindAsync(session.Daemon, name, cancellationToken);
            await StopAsync(session, target, session.Get(s_grace), cancellationToken);
            done.Add(new ActionShape("stop", target.Id, target.Name));
        }

        Actions.Print(session, done);
        return ExitCode.Success;
    }

    internal static async Task StopAsync(Session session, Target target, long grace, CancellationToken cancellationToken)
    {
        string podId = target.Id;
        if (target is ContainerTarget container)
        {
            await session.Daemon.Runtime.StopContainerAsync(
                new StopContainerRequest { ContainerId = target.Id, Timeout = grace }, cancellationToken: cancellationToken);
            if (!container.OwnsPod)
            {
                return;
            }

            podId = container.Container.PodSandboxId;
        }

        await session.Daemon.Runtime.StopPodSandboxAsync(new StopPodSandboxRequest { PodSandboxId = podId }, cancellationToken: cancellationToken);
    }
}
