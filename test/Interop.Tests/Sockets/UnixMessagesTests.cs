// SPDX-License-Identifier: Apache-2.0
using System.Text;
using Gantry.Interop.Files;
using Gantry.Interop.Sockets;

namespace Gantry.Interop.Tests.Sockets;

[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class UnixMessagesTests
{
    [Fact]
    public void Descriptors_arrive_owned_and_close_on_exec()
    {
        (OwnedFd first, OwnedFd second) = UnixSocket.Pair();
        using OwnedFd a = first, b = second;
        (var reader, var writer) = Pipe.Create();
        using (reader)
        using (writer)
        {
            Assert.Equal(5, UnixMessages.Send(a, "hello"u8, [writer]));
            List<OwnedFd> received = [];
            byte[] buffer = new byte[64];

            int count = UnixMessages.Receive(b, buffer, received, out bool truncated);

            Assert.Equal("hello", Encoding.UTF8.GetString(buffer, 0, count));
            Assert.False(truncated);
            using OwnedFd copy = Assert.Single(received);
            string info = File.ReadAllText($"/proc/self/fdinfo/{copy.DangerousGetHandle()}");
            string flags = info.Split('\n').Single(static l => l.StartsWith("flags:", StringComparison.Ordinal));
            Assert.Equal(0x80000, Convert.ToInt32(flags[6..].Trim(), 8) & 0x80000);
        }
    }

    [Fact]
    public void A_read_ends_with_the_message_that_carries_descriptors()
    {
        (OwnedFd first, OwnedFd second) = UnixSocket.Pair();
        using OwnedFd a = first, b = second;
        UnixMessages.Send(a, "plain"u8, []);
        UnixMessages.Send(a, "carrier"u8, [a]);
        UnixMessages.Send(a, "later"u8, []);
        List<OwnedFd> received = [];
        byte[] buffer = new byte[64];

        int count = UnixMessages.Receive(b, buffer, received, out _);

        Assert.Equal("plaincarrier", Encoding.UTF8.GetString(buffer, 0, count));
        Assert.Single(received).Dispose();
    }

    [Fact]
    public void An_empty_socket_would_block_and_a_closed_one_ends()
    {
        (OwnedFd a, OwnedFd b) = UnixSocket.Pair();
        using (b)
        {
            Assert.Equal(UnixMessages.WouldBlock, UnixMessages.Receive(b, new byte[8], [], out _));
            a.Dispose();
            Assert.Equal(0, UnixMessages.Receive(b, new byte[8], [], out _));
            Assert.Equal(Errno.EPIPE, Assert.Throws<SyscallException>(() => UnixMessages.Send(b, "x"u8, [])).Errno);
        }
    }

    [Fact]
    public void A_listening_socket_has_its_mode_and_knows_its_peer()
    {
        string path = Directory.CreateTempSubdirectory("gantry-socket-").FullName;
        try
        {
            using OwnedFd directory = Openat2.Open(null, path, OpenFlags.O_PATH | OpenFlags.O_DIRECTORY, ResolveFlags.None);
            using OwnedFd listener = UnixSocket.Listen(directory, "s.sock", 0x180 /* 0600 */);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode($"{path}/s.sock"));
            Assert.Null(UnixSocket.TryAccept(listener));

            using OwnedFd client = UnixSocket.Connect(directory, "s.sock");
            using OwnedFd? server = UnixSocket.TryAccept(listener);

            Assert.Equal(Environment.ProcessId, UnixSocket.GetPeerCredentials(server!).Pid);
            Assert.Equal(Errno.EADDRINUSE, Assert.Throws<SyscallException>(() => UnixSocket.Listen(directory, "s.sock", 0x180)).Errno);
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }
}
