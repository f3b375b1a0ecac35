// SPDX-License-Identifier: Apache-2.0
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Gantry.Cgroups;
using Gantry.Interop;
using Gantry.Monitor.Pods;
using Gantry.MonitorApi;
using Gantry.MonitorApi.Framing;
using Gantry.Runtime.Launch;

namespace Gantry.Monitor.Serving;

/// <summary>From a request's name to what does it, and from its outcome to the answer.</summary>
internal sealed class Requests(PodSupervisor pod, IdleCollection idle)
{
    private static readonly MonitorJson s_json = MonitorJson.Default;
    private static readonly Done s_done = new();

    /// <summary>Answers, whatever happens. Called on the loop's thread.</summary>
    internal async Task HandleAsync(FrameChannel channel, Envelope envelope, ReceivedFds fds)
    {
        using (fds)
        {
            byte[] answer;
            try
            {
                answer = await RunAsync(envelope, fds);
            }
            catch (Exception e)
            {
                answer = FrameWriter.Failure(envelope.Id, Explain(envelope, e));
            }

            channel.Send(answer);
            idle.Worked();
            if (envelope.Call == MonitorCalls.Shutdown && pod.IsDown)
            {
                pod.Leave();
            }
        }
    }

    private static MonitorError Explain(Envelope envelope, Exception error)
    {
        switch (error)
        {
            case MonitorException e:
                return e.Error;
            case LaunchException e:
                return new MonitorError(MonitorErrorKind.LaunchFailed, e.Message, e.ExitCode);
            case JsonException e:
                return new MonitorError(MonitorErrorKind.InvalidArgument, $"{envelope.Call}: {e.Message}");
            case SyscallException or CgroupException or TimeoutException:
                return new MonitorError(MonitorErrorKind.Internal, $"{envelope.Call}: {error.Message}");
            default:
                MonitorLog.Error($"{envelope.Call} failed unexpectedly: {error}");
                return new MonitorError(MonitorErrorKind.Internal, $"{envelope.Call}: {error.GetType().Name}: {error.Message}");
        }
    }

    private static T Body<T>(Envelope envelope, JsonTypeInfo<T> type) =>
        envelope.Body.ValueKind == JsonValueKind.Object && envelope.Body.Deserialize(type) is T body
            ? body
            : throw new MonitorException(MonitorErrorKind.InvalidArgument, $"{envelope.Call}: body: an object is expected");

    private static byte[] Done(long id) => FrameWriter.Answer(id, s_done, s_json.Done);

    private async Task<byte[]> RunAsync(Envelope envelope, ReceivedFds fds)
    {
        long id = envelope.Id ?? throw new MonitorException(MonitorErrorKind.InvalidArgument, "id: a request needs a number");
        switch (envelope.Call)
        {
            case MonitorCalls.Configure:
                ConfiguredPod configured = await pod.ConfigureAsync(Body(envelope, s_json.ConfigurePod), fds);
                return FrameWriter.Answer(id, configured, s_json.ConfiguredPod);
            case MonitorCalls.Create:
                CreatedContainer created = await pod.CreateAsync(Body(envelope, s_json.CreateContainer));
                return FrameWriter.Answer(id, created, s_json.CreatedContainer);
            case MonitorCalls.Start:
                StartedContainer started = await pod.Find(Body(envelope, s_json.StartContainer).ContainerId).StartAsync();
                return FrameWriter.Answer(id, started, s_json.StartedContainer);
            case MonitorCalls.Exec:
                ExecProcess process = Body(envelope, s_json.ExecProcess);
                fds.Expect(envelope.Call, 3);
                StartedExec exec = await pod.Execs.StartAsync(pod.Find(process.ContainerId), process, fds);
                return FrameWriter.Answer(id, exec, s_json.StartedExec);
            case MonitorCalls.List:
                return FrameWriter.Answer(id, pod.Describe(), s_json.PodState);
            default:
                await RunPlainAsync(envelope);
                return Done(id);
        }
    }

    // Requests whose answer has no content.
    private async Task RunPlainAsync(Envelope envelope)
    {
        switch (envelope.Call)
        {
            case MonitorCalls.Signal:
                SignalContainer signal = Body(envelope, s_json.SignalContainer);
                await pod.Find(signal.ContainerId).SignalAsync(signal.Signal, signal.All);
                break;
            case MonitorCalls.KillExec:
                pod.Execs.Kill(Body(envelope, s_json.KillExec).ExecId);
                break;
            case MonitorCalls.ReopenLog:
                pod.Find(Body(envelope, s_json.ReopenLog).ContainerId).ReopenLog();
                break;
            case MonitorCalls.Update:
                UpdateContainer update = Body(envelope, s_json.UpdateContainer);
                await pod.Find(update.ContainerId).UpdateAsync(update.Resources);
                break;
            case MonitorCalls.Delete:
                await pod.DeleteAsync(Body(envelope, s_json.DeleteContainer).ContainerId);
                break;
            case MonitorCalls.Shutdown:
                await pod.ShutdownAsync();
                break;
            default:
                throw new MonitorException(MonitorErrorKind.InvalidArgument, $"call: \"{envelope.Call}\" is not known to this monitor");
        }
    }
}
