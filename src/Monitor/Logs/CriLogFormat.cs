// SPDX-License-Identifier: Apache-2.0
using System.Globalization;
using System.Text;

namespace Gantry.Monitor.Logs;

/// <summary>Lines of the kubelet's log format: <c>2016-10-06T00:17:09.669794202Z stdout F text</c>.</summary>
/// <remarks>
/// F ends a line of the container, P means that the line goes on in the next record. Which bytes become which record depends on
/// the stream alone, never on how reads cut it.
/// </remarks>
internal static class CriLogFormat
{
    /// <summary>Longest text of one record, as in containerd (<c>max_container_log_line_size</c>).</summary>
    internal const int MaxText = 16 * 1024;

    /// <summary>Room that a record needs beyond its text: time, stream, tag, blanks, line end.</summary>
    internal const int Overhead = 30 + 1 + 6 + 1 + 1 + 1 + 1;

    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'";

    /// <summary>What stands before the text of each record that arrived at one instant. The tag is the last but one byte.</summary>
    internal static byte[] Prefix(DateTimeOffset time, string stream) =>
        Encoding.ASCII.GetBytes($"{time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)} {stream} F ");

    /// <summary>Cuts the next record from a stream.</summary>
    /// <param name="length">Bytes of text.</param>
    /// <param name="consumed">Bytes of the stream: the text and its line end, if there is one.</param>
    /// <param name="partial">The line goes on.</param>
    /// <returns><see langword="false"/>: more bytes are needed to say where the record ends.</returns>
    internal static bool TryCut(ReadOnlySpan<byte> stream, out int length, out int consumed, out bool partial)
    {
        ReadOnlySpan<byte> window = stream.Length > MaxText + 1 ? stream[..(MaxText + 1)] : stream;
        length = window.IndexOf((byte)'\n');
        partial = length < 0 && window.Length > MaxText;
        if (partial)
        {
            length = MaxText;
        }

        consumed = partial ? length : length + 1;
        return length >= 0;
    }
}
