// SPDX-License-Identifier: Apache-2.0
using System.Net.Sockets;
using Gantry.Daemon.Configuration;
using Gantry.Daemon.Startup;

namespace Gantry.Daemon.Tests;

public sealed class StartupTests
{
    [Fact]
    public void A_directory_serves_one_daemon_at_a_time()
    {
        using var directory = new TempDirectory();
        InstanceLock first = InstanceLock.Take(directory.Path);

        ConfigException e = Assert.Throws<ConfigException>(() => InstanceLock.Take(directory.Path));
        first.Dispose();
        using InstanceLock second = InstanceLock.Take(directory.Path);

        Assert.Contains($"another gantryd (pid {Environment.ProcessId}) uses it", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CVE_2021_41103_state_directories_are_closed_to_others()
    {
        using var directory = new TempDirectory();
        string state = directory.In("state");
        Directory.CreateDirectory(state, (UnixFileMode)0b111_101_101);

        using InstanceLock held = StateDirectory.Claim(state);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(state));
    }

    [Fact]
    public void The_socket_of_a_dead_daemon_is_removed()
    {
        using var directory = new TempDirectory();
        string path = directory.In("gantry.sock");
        LeaveStaleSocket(path);
        Assert.True(File.Exists(path));

        ListenSocket.Prepare(path);

        Assert.False(File.Exists(path));
    }

    [Fact]
    public void The_socket_of_a_living_daemon_is_left_alone()
    {
        using var directory = new TempDirectory();
        string path = directory.In("gantry.sock");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();

        ConfigException e = Assert.Throws<ConfigException>(() => ListenSocket.Prepare(path));

        Assert.Contains("another process answers there", e.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(path));
    }

    [Fact]
    public void A_file_in_the_socket_s_place_is_not_removed()
    {
        using var directory = new TempDirectory();
        string path = directory.Write("gantry.sock", "precious");

        ConfigException e = Assert.Throws<ConfigException>(() => ListenSocket.Prepare(path));

        Assert.Contains("is no stale socket", e.Message, StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(path));
    }

    /// <summary>.NET unlinks a bound socket when it is disposed: the name is moved away before and back after.</summary>
    private static void LeaveStaleSocket(string path)
    {
        using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
            File.Move(path, path + ".kept");
        }

        File.Move(path + ".kept", path);
    }
}
