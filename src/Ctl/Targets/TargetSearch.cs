// SPDX-License-Identifier: Apache-2.0
using Gantry.Cri.V1;
using Gantry.Ctl.Daemon;

namespace Gantry.Ctl.Targets;

/// <summary>Finds containers and pods by name, POD/CONTAINER, id, or the beginning of an id.</summary>
internal static class TargetSearch
{
    private const int MaxShown = 5;

    internal static async Task<Target> FindAsync(DaemonClient daemon, string text, CancellationToken cancellationToken)
    {
        IReadOnlyList<Target> all = await AllAsync(daemon, cancellationToken);
        return Choose(text, all.OfType<ContainerTarget>()) ?? Choose(text, all.OfType<PodTarget>())
            ?? throw Missing("container or pod", text);
    }

    internal static async Task<ContainerTarget> FindContainerAsync(DaemonClient daemon, string text, CancellationToken cancellationToken)
    {
        IReadOnlyList<Target> all = await AllAsync(daemon, cancellationToken);
        return (ContainerTarget?)Choose(text, all.OfType<ContainerTarget>()) ?? throw Missing("container", text);
    }

    internal static async Task<IReadOnlyList<Target>> AllAsync(DaemonClient daemon, CancellationToken cancellationToken)
    {
        ListPodSandboxResponse pods = await daemon.Runtime.ListPodSandboxAsync(new ListPodSandboxRequest(), cancellationToken: cancellationToken);
        ListContainersResponse containers = await daemon.Runtime.ListContainersAsync(new ListContainersRequest(), cancellationToken: cancellationToken);
        Dictionary<string, PodSandbox> byId = pods.Items.ToDictionary(pod => pod.Id);
        return
        [
            .. containers.Containers.Select(container => new ContainerTarget(container, byId.GetValueOrDefault(container.PodSandboxId))),
            .. pods.Items.Select(pod => new PodTarget(pod)),
        ];
    }

    /// <summary>A whole id wins over a name, a name over the beginning of an id; of several with one name, the only one that runs.</summary>
    internal static Target? Choose(string text, IEnumerable<Target> candidates)
    {
        List<Target> all = [.. candidates];
        if (all.Find(target => target.Id == text) is Target exact)
        {
            return exact;
        }

        List<Target> named = all.FindAll(target => HasName(target, text));
        List<Target> found = named.Count > 0 ? named : all.FindAll(target => target.Id.StartsWith(text, StringComparison.Ordinal));
        List<Target> alive = found.FindAll(IsAlive);
        return found.Count <= 1 ? found.FirstOrDefault() : alive.Count == 1 ? alive[0] : throw Ambiguous(text, found);
    }

    private static bool HasName(Target target, string text) => target switch
    {
        ContainerTarget container => container.Name == text
            || (container.Pod is PodSandbox pod && $"{pod.Metadata.Name}/{container.Name}" == text),
        PodTarget pod => pod.Name == text || $"{pod.Pod.Metadata.Namespace}/{pod.Name}" == text,
        _ => false,
    };

    private static bool IsAlive(Target target) => target switch
    {
        ContainerTarget container => container.Container.State is ContainerState.ContainerRunning,
        PodTarget pod => pod.Pod.State == PodSandboxState.SandboxReady,
        _ => false,
    };

    private static CommandFailure Missing(string kind, string text) =>
        new($"no {kind} \"{text}\"", "gantry ps -a lists containers, gantry pods lists pods");

    private static CommandFailure Ambiguous(string text, List<Target> found)
    {
        string ids = string.Join(", ", found.Take(MaxShown).Select(target => Output.Words.ShortId(target.Id)));
        return new CommandFailure($"\"{text}\" stands for {found.Count} of them: {ids}", "give more of the id");
    }
}
