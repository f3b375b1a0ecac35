// SPDX-License-Identifier: Apache-2.0
using Gantry.Interop;
using Gantry.Interop.Events;
using Gantry.Interop.Files;
using Gantry.Interop.Processes;
using Gantry.Interop.Sockets;
using Gantry.MonitorApi;
using Gantry.MonitorApi.Framing;

namespace Gantry.Monitor.Pods;

/// <summary>The life of a monitor: become one, serve, leave.</summary>
internal static class PodMonitor
{
    private const int FirstConnection = 3;
    private const uint Umask = 0x17; // 027
    private static readonly string[] s_oomScores = ["-999", "-500", "-250", "-100", "0"];

    /// <returns>Exit code.</returns>
    internal static int Run(string directoryPath)
    {
        OwnedFd? first = UnixSocket.TryAdopt(FirstConnection);
        try
        {
            Become();
            using PodDirectory directory = PodDirectory.Open(directoryPath);
            using EventLoop loop = new(static e => MonitorLog.Error($"unexpected: {e}"));
            using PodSupervisor pod = new(loop, directory);
            if (first is not null)
            {
                pod.Connections.Adopt(first);
            }

            loop.Run();
            return 0;
        }
        catch (Exception e)
        {
            MonitorLog.Error($"{directoryPath}: {e}");
            if (first is { IsClosed: false })
            {
                MonitorError error = (e as MonitorException)?.Error ?? new MonitorError(MonitorErrorKind.Internal, e.Message);
                UnixMessages.Send(first, FrameWriter.Event(MonitorCalls.StartFailed, error, MonitorJson.Default.MonitorError), []);
            }

            return 1;
        }
    }

    private static void Become()
    {
        // A container's process that sees us must not read our memory: the child stub shares it (CVE-2016-9962).
        ProcessControl.SetDumpable(false);
        ProcessControl.BecomeSubreaper();
        ProcessControl.SetUmask(Umask);
        // Pods outlive gantryd and the service manager's stop of it; only `shutdown` ends a monitor.
        foreach (Signal signal in (ReadOnlySpan<Signal>)[Signal.SIGPIPE, Signal.SIGTERM, Signal.SIGINT, Signal.SIGHUP, Signal.SIGQUIT])
        {
            ProcessSignals.Ignore(signal);
        }

        ProtectFromOom();
    }

    // Without CAP_SYS_RESOURCE the kernel accepts nothing below the lowest value that a privileged process set.
    private static void ProtectFromOom()
    {
        using OwnedFd file = Openat2.Open(null, "/proc/self/oom_score_adj", OpenFlags.O_WRONLY, ResolveFlags.None);
        foreach (string score in s_oomScores)
        {
            if (ByteIo.Write(file, System.Text.Encoding.ASCII.GetBytes(score), out _) > 0)
            {
                return;
            }
        }
    }
}
