// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Gantry.Cri.V1;
using Gantry.Ctl.Output;
using Gantry.Ctl.Run;
using Gantry.Ctl.Targets;

namespace Gantry.Ctl.Commands;

internal static class RmCommand
{
    private static readonly Argument<string[]> s_names = Completions.TargetsArgument();
    private static readonly Option<bool> s_force = new("--force", "-f") { Description = "also what still runs: it is killed" };

    internal static Command Create() => new Command("rm", "Remove containers or pods") { s_names, s_force }.Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancellationToken)
    {
        List<ActionShape> done = [];
        foreach (string name in session.Get(s_names))
        {
            Target target = await TargetSearch.FindAsync(session.Daemon, name, cancellationToken);
            await RemoveAsync(session, target, session.Get(s_force), cancellationToken);
            done.Add(new ActionShape("rm", target.Id, target.Name));
        }

        Actions.Print(session, done);
        return ExitCode.Success;
    }

    /// <summary>A container that "gantry run" made goes with its pod and its log.</summary>
    internal static async Task RemoveAsync(Session session, Target target, bool force, CancellationToken cancellationToken)
    {
        Refuse(target, force);
        if (target is ContainerTarget { OwnsPod: false })
        {
            await session.Daemon.Runtime.RemoveContainerAsync(
                new RemoveContainerRequest { ContainerId = target.Id }, cancellationToken: cancellationToken);
            return;
        }

        PodSandbox pod = target is ContainerTarget container ? container.Pod! : ((PodTarget)target).Pod;
        await session.Daemon.Runtime.RemovePodSandboxAsync(
            new RemovePodSandboxRequest { PodSandboxId = pod.Id }, cancellationToken: cancellationToken);
        if (pod.Labels.ContainsKey(RunLabels.Owner))
        {
            RunLogs.Remove(pod.Metadata);
        }
    }

    private static void Refuse(Target target, bool force)
    {
        bool alive = target switch
        {
            ContainerTarget container => container.Container.State == ContainerState.ContainerRunning,
            PodTarget pod => pod.Pod.State == PodSandboxState.SandboxReady,
            _ => false,
        };
        if (alive && !force)
        {
            throw new CommandFailure($"{target.Name} runs", $"gantry stop {target.Name}, or: gantry rm --force {target.Name}");
        }
    }
}
