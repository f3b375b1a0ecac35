// SPDX-License-Identifier: Apache-2.0
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Gantry.Daemon.Systemd;

/// <summary>Tells systemd about the daemon's state; does nothing when nobody asked.</summary>
/// <remarks>sd_notify(3): a datagram of NAME=value lines to the socket named by NOTIFY_SOCKET; '@' stands for an abstract name.</remarks>
internal sealed class ServiceNotifier(string? address)
{
    private const long NanosecondsPerMicrosecond = 1000;

    internal static ServiceNotifier FromEnvironment() => new(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"));

    internal void Ready() => Send("READY=1");

    internal void Stopping() => Send("STOPPING=1");

    /// <summary>To be followed by <see cref="Ready"/> when the reload is over.</summary>
    internal void Reloading()
    {
        // On Linux, Stopwatch is CLOCK_MONOTONIC in nanoseconds, which is what Type=notify-reload compares.
        long microseconds = Stopwatch.GetTimestamp() / NanosecondsPerMicrosecond;
        Send($"RELOADING=1\nMONOTONIC_USEC={microseconds}");
    }

    private void Send(string message)
    {
        if (string.IsNullOrEmpty(address))
        {
            return;
        }

        string path = address[0] == '@' ? "\0" + address[1..] : address;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            socket.SendTo(Encoding.UTF8.GetBytes(message), new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException)
        {
            // The service manager is gone or restarts: nobody to tell.
        }
    }
}
