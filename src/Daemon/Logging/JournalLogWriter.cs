// SPDX-License-Identifier: Apache-2.0
using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Gantry.Daemon.Logging;

/// <summary>systemd's journal over its own socket, with the fields apart: <c>journalctl GANTRY_CONTAINERID=…</c>.</summary>
/// <remarks>systemd, "Native Journal Protocol": a datagram of NAME=value lines, or NAME, newline, 64-bit little-endian length, value.</remarks>
internal sealed class JournalLogWriter : ILogWriter
{
    internal const string DefaultSocket = "/run/systemd/journal/socket";

    /// <summary>Below the default limit of a datagram; what is longer is cut.</summary>
    private const int MaxValueBytes = 48 * 1024;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly MemoryStream _datagram = new();

    internal JournalLogWriter(string path) => _socket.Connect(new UnixDomainSocketEndPoint(path));

    public void Write(in LogEntry entry)
    {
        _datagram.SetLength(0);
        string message = entry.Cause is null ? entry.Message : $"{entry.Message}\n{entry.Cause}";
        Add("MESSAGE", message);
        Add("PRIORITY", Priority(entry.Level));
        Add("SYSLOG_IDENTIFIER", "gantryd");
        Add("GANTRY_SOURCE", entry.Source);
        Add("GANTRY_EVENT", entry.Id.Id.ToString(CultureInfo.InvariantCulture));
        foreach ((string name, object? value) in entry.Fields)
        {
            if (name != LogEntry.Template && name.All(char.IsAsciiLetterOrDigit))
            {
                Add("GANTRY_" + name.ToUpperInvariant(), Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
            }
        }

        try
        {
            _socket.Send(_datagram.GetBuffer().AsSpan(0, (int)_datagram.Length));
        }
        catch (SocketException)
        {
            // journald restarts or is full: a log line is no reason to stop serving.
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        _datagram.Dispose();
    }

    /// <summary>syslog(3) levels.</summary>
    private static string Priority(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "7",
        LogLevel.Information => "6",
        LogLevel.Warning => "4",
        LogLevel.Error => "3",
        _ => "2",
    };

    private void Add(string name, string value)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        ReadOnlySpan<byte> cut = bytes.AsSpan(0, Math.Min(bytes.Length, MaxValueBytes));
        _datagram.Write(Encoding.ASCII.GetBytes(name));
        if (cut.Contains((byte)'\n'))
        {
            Span<byte> length = stackalloc byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)cut.Length);
            _datagram.WriteByte((byte)'\n');
            _datagram.Write(length);
        }
        else
        {
            _datagram.WriteByte((byte)'=');
        }

        _datagram.Write(cut);
        _datagram.WriteByte((byte)'\n');
    }
}
