// SPDX-License-Identifier: Apache-2.0
using System.CommandLine;
using Gantry.Control.V1;
using Gantry.Cri.V1;
using Gantry.Ctl.Daemon;
using Gantry.Ctl.Logs;
using Gantry.Ctl.Output;
using Gantry.Ctl.Run;
using Gantry.Ctl.Targets;
using Grpc.Core;

namespace Gantry.Ctl.Commands;

internal static class RunCommand
{
    /// <value>Seconds between the stop signal and SIGKILL after Ctrl-C.</value>
    private const long Grace = 10;

    internal static Command Create() =>
        RunOptions.AddTo(new Command("run", "Run an image: a pod with one container")).Does(RunAsync);

    private static async Task<int> RunAsync(Session session, CancellationToken cancellationToken)
    {
        try
        {
            return await StartAndWaitAsync(session, cancellationToken);
        }
        catch (CommandFailure failure) when (failure.Code == ExitCode.Failure)
        {
            throw failure.WithCode(ExitCode.RunFailed);
        }
        catch (RpcException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw Explain(error, session.Daemon.SocketPath);
        }
    }

    private static async Task<int> StartAndWaitAsync(Session session, CancellationToken cancellationToken)
    {
        RefuseStreams(session);
        RunPlan plan = RunPlan.From(session);
        await RefuseTakenNameAsync(session, plan.Name, cancellationToken);
        await EnsureImageAsync(session, plan.Container.Image.Image, cancellationToken);
        (string podId, string containerId) = await StartAsync(session.Daemon, plan, cancellationToken);
        if (session.Get(RunOptions.Detach))
        {
            Actions.Print(session, [new ActionShape("run", containerId, session.WantsJson ? plan.Name : containerId)]);
            return ExitCode.Success;
        }

        int exitCode = await AttendAsync(session, plan, containerId, cancellationToken);
        await CleanUpAsync(session, plan, podId);
        return exitCode;
    }

    private static void RefuseStreams(Session session)
    {
        if (session.Get(RunOptions.Interactive) || session.Get(RunOptions.Tty))
        {
            throw new CommandFailure(
                "run with stdin or a terminal is not there yet: it comes with the streaming calls of CRI",
                "run without -i and -t; the log is shown as it is written");
        }

        if (session.Get(RunOptions.Detach) && session.Get(RunOptions.Remove))
        {
            throw new CommandFailure("--rm removes when the command sees the container end: not with --detach", "gantry rm --force NAME removes it later");
        }
    }

    private static async Task RefuseTakenNameAsync(Session session, string name, CancellationToken cancellationToken)
    {
        IReadOnlyList<Target> all = await TargetSearch.AllAsync(session.Daemon, cancellationToken);
        if (all.OfType<PodTarget>().Any(pod => pod.Name == name && pod.Pod.Labels.ContainsKey(RunLabels.Owner)))
        {
            throw new CommandFailure($"the name \"{name}\" is taken", $"gantry rm --force {name}, or choose another --name");
        }
    }

    private static async Task EnsureImageAsync(Session session, string image, CancellationToken cancellationToken)
    {
        string pull = session.Get(RunOptions.Pull);
        if (pull != "always")
        {
            ImageStatusResponse status = await session.Daemon.Images.ImageStatusAsync(
                new ImageStatusRequest { Image = new ImageSpec { Image = image } }, cancellationToken: cancellationToken);
            if (status.Image is not null)
            {
                return;
            }

            if (pull == "never")
            {
                throw new CommandFailure($"image \"{image}\" is not here, and --pull never forbids to pull it", $"gantry pull {image}");
            }
        }

        await Pulling.RunAsync(session, new PullRequest { Image = image }, session.WantsJson, cancellationToken);
    }

    /// <summary>Pod, container, start; whatever fails takes the pod with it.</summary>
    private static async Task<(string PodId, string ContainerId)> StartAsync(DaemonClient daemon, RunPlan plan, CancellationToken cancellationToken)
    {
        string? podId = null;
        RunLogs.Create(plan.Pod.Metadata);
        try
        {
            RunPodSandboxResponse pod = await daemon.Runtime.RunPodSandboxAsync(
                new RunPodSandboxRequest { Config = plan.Pod }, cancellationToken: cancellationToken);
            podId = pod.PodSandboxId;
            var request = new CreateContainerRequest { PodSandboxId = podId, Config = plan.Container, SandboxConfig = plan.Pod };
            CreateContainerResponse container = await daemon.Runtime.CreateContainerAsync(request, cancellationToken: cancellationToken);
            await daemon.Runtime.StartContainerAsync(
                new StartContainerRequest { ContainerId = container.ContainerId }, cancellationToken: cancellationToken);
            return (podId, container.ContainerId);
        }
        catch
        {
            if (podId is not null)
            {
                await daemon.Runtime.RemovePodSandboxAsync(
                    new RemovePodSandboxRequest { PodSandboxId = podId }, cancellationToken: CancellationToken.None);
            }

            RunLogs.Remove(plan.Pod.Metadata);
            throw;
        }
    }

    /// <summary>Shows the log until the container ends; Ctrl-C stops it.</summary>
    private static async Task<int> AttendAsync(Session session, RunPlan plan, string containerId, CancellationToken cancellationToken)
    {
        Task<WaitResponse> end = session.Daemon.Control.WaitAsync(
            new WaitRequest { ContainerId = containerId }, cancellationToken: CancellationToken.None).ResponseAsync;
        Task stop = StopWhenCancelledAsync(session.Daemon, containerId, end, cancellationToken);
        using (var reader = new LogFileReader(plan.LogPath))
        using (Stream output = Console.OpenStandardOutput())
        using (Stream error = Console.OpenStandardError())
        {
            await new LogPrinter(output, error, new LogView(null, null, Timestamps: false)).FollowAsync(reader, end, CancellationToken.None);
        }

        await stop;
        return (await end).ExitCode;
    }

    private static async Task StopWhenCancelledAsync(DaemonClient daemon, string containerId, Task end, CancellationToken cancellationToken)
    {
        var cancelled = new TaskCompletionSource();
        using CancellationTokenRegistration registration = cancellationToken.Register(cancelled.SetResult);
        if (await Task.WhenAny(end, cancelled.Task) == cancelled.Task)
        {
            await daemon.Runtime.StopContainerAsync(
                new StopContainerRequest { ContainerId = containerId, Timeout = Grace }, cancellationToken: CancellationToken.None);
        }
    }

    /// <summary>The address and ports go back at once; with --rm everything else too.</summary>
    private static async Task CleanUpAsync(Session session, RunPlan plan, string podId)
    {
        await session.Daemon.Runtime.StopPodSandboxAsync(
            new StopPodSandboxRequest { PodSandboxId = podId }, cancellationToken: CancellationToken.None);
        if (session.Get(RunOptions.Remove))
        {
            await session.Daemon.Runtime.RemovePodSandboxAsync(
                new RemovePodSandboxRequest { PodSandboxId = podId }, cancellationToken: CancellationToken.None);
            RunLogs.Remove(plan.Pod.Metadata);
        }
    }

    /// <summary>Docker's codes: 127 when the program does not exist, 126 when it cannot be executed.</summary>
    internal static CommandFailure Explain(RpcException error, string socket)
    {
        CommandFailure failure = DaemonErrors.Explain(error, socket);
        bool isExec = failure.Message.Contains("exec", StringComparison.Ordinal);
        int code = !isExec ? ExitCode.RunFailed
            : failure.Message.Contains("ENOENT", StringComparison.Ordinal) ? ExitCode.NotFound
            : failure.Message.Contains("EACCES", StringComparison.Ordinal) || failure.Message.Contains("ENOEXEC", StringComparison.Ordinal) ? ExitCode.CannotExecute
            : ExitCode.RunFailed;
        return code == ExitCode.RunFailed ? failure.WithCode(code) : new CommandFailure(failure.Message, "", code);
    }
}
