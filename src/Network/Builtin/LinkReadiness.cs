// SPDX-License-Identifier: Apache-2.0
using System.Net;
using Gantry.Interop;
using Gantry.Interop.Netlink;

namespace Gantry.Network.Builtin;

/// <summary>Waits until a pod's packets get through.</summary>
/// <remarks>
/// The kernel finishes by work queues, some time after the last netlink message was acknowledged: it opens the bridge's
/// port, wakes the bridge itself when this is its first port, and installs the IPv6 address's local route. What is sent
/// before is lost, and its sender repeats it only after a second.
/// </remarks>
internal sealed class LinkReadiness(HostNetwork host, BuiltinSettings settings)
{
    private const int MaxWaitMilliseconds = 1000;

    /// <summary>Questions of about ten microseconds each, before the thread is given up for a millisecond.</summary>
    private const int ImmediateAttempts = 10;

    /// <param name="inside">A socket in the pod.</param>
    internal async Task WaitAsync(PodNetworkRecord record, RouteSocket inside)
    {
        try
        {
            long deadline = Environment.TickCount64 + MaxWaitMilliseconds;
            for (int attempt = 0; !IsReady(record, inside); attempt++)
            {
                if (Environment.TickCount64 >= deadline)
                {
                    host.Report(NoticeLevel.Warning, $"pod {record.Request.PodId}: its interface does not carry traffic after {MaxWaitMilliseconds} ms");
                    return;
                }

                await PauseAsync(attempt);
            }
        }
        catch (SyscallException e)
        {
            host.Report(NoticeLevel.Warning, $"pod {record.Request.PodId}: cannot see whether its interface carries traffic", e);
        }
    }

    private static async Task PauseAsync(int attempt)
    {
        if (attempt < ImmediateAttempts)
        {
            await Task.Yield();
        }
        else
        {
            await Task.Delay(1);
        }
    }

    private bool IsReady(PodNetworkRecord record, RouteSocket inside) =>
        host.Route.FindLink(record.HostInterface!) is not { Carries: false }
        && host.Route.FindLink(settings.Bridge) is not { Carries: false }
        && record.Addresses.All(a => inside.IsLocal(IPAddress.Parse(a.Ip)));
}
