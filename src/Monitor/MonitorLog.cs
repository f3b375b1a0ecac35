// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;
using Gantry.Interop.Events;
using Microsoft.Win32.SafeHandles;

namespace Gantry.Monitor;

/// <summary>Lines for people in <c>monitor.log</c> (descriptor 2). The monitor has no logging library: it would be most of its memory.</summary>
internal static class MonitorLog
{
    private static readonly SafeFileHandle s_error = new(2, ownsHandle: false);

    /// <summary>We coped.</summary>
    internal static void Warn(string message) => Write("warning", message);

    /// <summary>Somebody should look.</summary>
    internal static void Error(string message) => Write("error", message);

    private static void Write(string level, string message)
    {
        string time = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        ByteIo.Write(s_error, Encoding.UTF8.GetBytes($"{time} {level} {message.ReplaceLineEndings(" ")}\n"), out _);
    }
}
