// SPDX-License-Identifier: Apache-2.0
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Gantry.Daemon.Logging;
using Gantry.Daemon.Systemd;
using Microsoft.Extensions.Logging;

namespace Gantry.Daemon.Tests;

public sealed class LogWriterTests
{
    private static readonly DateTimeOffset s_time = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    [Fact]
    public void Text_is_one_line_whatever_a_client_sent()
    {
        using var stream = new MemoryStream();
        using var writer = new TextLogWriter(stream);

        writer.Write(Entry("name \"a\nb\r\e[31m\""));

        Assert.Equal("2026-01-02T03:04:05.678Z warn  name \"a b  [31m\"\n", Encoding.UTF8.GetString(stream.ToArray()));
    }

    [Fact]
    public void Json_carries_fields_with_their_types()
    {
        using var stream = new MemoryStream();
        using var writer = new JsonLogWriter(stream);

        writer.Write(Entry("two\nlines", new InvalidOperationException("cause")));

        string line = Encoding.UTF8.GetString(stream.ToArray());
        Assert.Equal(1, line.Count(c => c == '\n'));
        JsonElement root = JsonDocument.Parse(line).RootElement;
        Assert.Equal("two\nlines", root.GetProperty("message").GetString());
        Assert.Equal("warn", root.GetProperty("level").GetString());
        Assert.Equal(42, root.GetProperty("pid").GetInt32());
        Assert.Equal("abc", root.GetProperty("containerId").GetString());
        Assert.Contains("cause", root.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_journal_gets_fields_and_a_length_before_a_text_of_several_lines()
    {
        using var directory = new TempDirectory();
        using Socket journal = Listen(directory.In("journal"));
        using var writer = new JournalLogWriter(directory.In("journal"));

        writer.Write(Entry("two\nlines"));

        string datagram = Receive(journal);
        Assert.StartsWith("MESSAGE\n\t\0\0\0\0\0\0\0two\nlines\n", datagram, StringComparison.Ordinal);
        Assert.Contains("\nPRIORITY=4\n", datagram, StringComparison.Ordinal);
        Assert.Contains("\nGANTRY_CONTAINERID=abc\n", datagram, StringComparison.Ordinal);
        Assert.Contains("\nGANTRY_PID=42\n", datagram, StringComparison.Ordinal);
    }

    [Fact]
    public void Systemd_is_told_about_start_reload_and_stop()
    {
        using var directory = new TempDirectory();
        using Socket manager = Listen(directory.In("notify"));
        var systemd = new ServiceNotifier(directory.In("notify"));

        systemd.Ready();
        systemd.Reloading();
        systemd.Stopping();

        Assert.Equal("READY=1", Receive(manager));
        Assert.Matches("^RELOADING=1\nMONOTONIC_USEC=[0-9]+$", Receive(manager));
        Assert.Equal("STOPPING=1", Receive(manager));
    }

    [Fact]
    public void A_service_manager_that_is_gone_is_no_error() => new ServiceNotifier("/nonexistent/notify").Ready();

    [Fact]
    public void Lines_below_the_level_are_dropped_and_those_of_the_web_server_unless_they_warn()
    {
        using var stream = new MemoryStream();
        using var output = new LogOutput(new TextLogWriter(stream), TimeProvider.System) { Level = LogLevel.Debug };

        Assert.True(output.CreateLogger("Gantry.Cri").IsEnabled(LogLevel.Debug));
        Assert.False(output.CreateLogger("Gantry.Cri").IsEnabled(LogLevel.Trace));
        Assert.False(output.CreateLogger("Microsoft.AspNetCore.Server.Kestrel").IsEnabled(LogLevel.Information));
        Assert.True(output.CreateLogger("Microsoft.AspNetCore.Server.Kestrel").IsEnabled(LogLevel.Warning));
    }

    private static LogEntry Entry(string message, Exception? cause = null) => new(
        s_time, LogLevel.Warning, "Gantry.Test", new EventId(7), message, [new("ContainerId", "abc"), new("Pid", 42)], cause);

    private static Socket Listen(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 5000 };
        socket.Bind(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    private static string Receive(Socket socket)
    {
        byte[] buffer = new byte[4096];
        int length = socket.Receive(buffer);
        return Encoding.Latin1.GetString(buffer, 0, length);
    }
}
